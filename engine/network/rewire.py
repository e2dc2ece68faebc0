"""Edits that keep data flowing: a link led elsewhere, a node put into a link, nodes taken out of
the way between others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.network.edits import Connect, Disconnect, EditError, RemoveNodes, connection_problem
from engine.network.model import Link, Network, Node
from engine.network.ports import free_inputs, input_ports, output_ports, takes_many
from engine.network.problem import Problem

#: Where a tensor comes from: a node and one of its output ports.
Source = tuple[str, str]


def can_insert(network: Network, node: Node) -> bool:
    """Whether a tensor can run through the node: it has an input and an output port."""
    return bool(input_ports(network, node) and output_ports(network, node))


def is_loose(network: Network, node_id: str) -> bool:
    """Whether no link touches the node."""
    return not network.incoming[node_id] and not network.outgoing[node_id]


@dataclass(frozen=True)
class Reroute:
    """A link begins or ends elsewhere. It keeps its place: a Concat joins in the order it did."""

    link: Link
    to: Link

    def apply(self, network: Network) -> Network:
        if self.link not in network.links:
            raise EditError(Problem("missing_link", None, values={}))
        rest = Disconnect(frozenset({self.link})).apply(network)
        kept = {*Connect(self.to).apply(rest).links, self.link}
        links = (self.to if link == self.link else link for link in network.links if link in kept)
        return network.with_links(links)


@dataclass(frozen=True)
class InsertOnLink:
    """A node comes into a link: source -> node -> target. The new link takes the place of the old one
    among those of the target, so that a Concat joins in the order it did. Every input port that needs
    a link and has none gets one from the source; the first one gives up a link it had."""

    id: str
    link: Link

    def apply(self, network: Network) -> Network:
        if self.id not in network.nodes:
            raise EditError(Problem("missing_node", None, values={"id": self.id}))
        if self.link not in network.links:
            raise EditError(Problem("missing_link", None, values={}))
        node = network.nodes[self.id]
        if not can_insert(network, node):
            raise EditError(Problem("cannot_insert", self.id, values={"node": node.name}))
        link = self.link
        first = input_ports(network, node)[0]
        into = [
            Link(link.source, self.id, link.source_port, port)
            for port in dict.fromkeys((first, *free_inputs(network, node)))
        ]
        on = Link(self.id, link.target, output_ports(network, node)[0], link.target_port)
        replaced = Disconnect(frozenset(self._given_up(network, node, first))).apply(network)
        rest = Disconnect(frozenset({link})).apply(replaced)
        for new in (*into, on):
            problem = connection_problem(rest, new)
            if problem is not None:
                raise EditError(problem)
        links = list(replaced.links)
        links[links.index(link)] = on
        return replaced.with_links((*links, *into))

    @staticmethod
    def _given_up(network: Network, node: Node, port: str) -> Iterator[Link]:
        if not takes_many(node):
            yield from (link for link in network.incoming[node.id] if link.target_port == port)


@dataclass(frozen=True)
class RemoveAndHeal:
    """Nodes go, as with `RemoveNodes`, and what they fed is fed by what fed them.

    A target is linked anew where all that reached the removed nodes before it came from one port: a
    chain heals, and a whole residual block, but not a lone Add of two branches."""

    ids: frozenset[str]

    def apply(self, network: Network) -> Network:
        removed = RemoveNodes(self.ids).apply(network)
        if len(removed.nodes) == len(network.nodes):
            return removed
        sources = _sources(network, removed)
        kept = set(removed.links)
        # A healed link runs where the data ran before: that it closes no loop needs no looking.
        bare = removed.with_links(())
        links: dict[Link, None] = {}
        for link in network.links:
            if link in kept:
                links[link] = None
            elif len(found := sources.get(link.source, ())) == 1:
                source, port = next(iter(found))
                healed = Link(source, link.target, port, link.target_port)
                # The ports of a block are nodes, and may have gone as well. A link that was there
                # already keeps its place.
                if healed not in kept and connection_problem(bare, healed) is None:
                    links[healed] = None
        return removed.with_links(links)


def _sources(network: Network, removed: Network) -> dict[str, set[Source]]:
    """Of each removed node what fed it, or fed the removed nodes before it: of more than one source
    two, which are as bad as many. Nodes on a loop are fed by nobody."""
    found: dict[str, set[Source]] = {}
    for node_id in network.order:
        if node_id in removed.nodes:
            continue
        fed: set[Source] = set()
        for link in network.incoming[node_id]:
            if link.source in removed.nodes:
                fed.add((link.source, link.source_port))
            else:
                fed |= found.get(link.source, set())
        found[node_id] = set(list(fed)[:2])
    return found
