"""The nodes that a wire from a node may go to, as a chooser shows them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.messages import shown
from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports, port_title, takes_many
from engine.network.problem import Problem
from gui.canvas.ports import Port
from gui.canvas.wiring import loops
from gui.choosing.rows import Choice
from gui.tiles import tile
from gui.words import sentence


def links_from(network: Network, node_id: str) -> list[Choice]:
    """A choice, with the Link as its key, for each pair of ports: the nearest below first, those above
    after them, and with the reason those that would close a loop."""
    source = network.nodes[node_id]
    beside = [network.nodes[key] for key in network.children[source.block] if key != node_id]
    beside.sort(key=lambda node: (node.y <= source.y, _away(source, node)))
    taken = frozenset(network.outgoing[node_id])
    possible: list[Choice] = []
    impossible: list[Choice] = []
    for output in output_ports(network, source):
        closed = loops(network, Port(node_id, output, True))
        for node in beside:
            for port in input_ports(network, node):
                link = Link(node_id, node.id, output, port)
                choice = _choice(
                    network, link, _reason(network, link, node.id in closed, link in taken)
                )
                (impossible if choice.reason else possible).append(choice)
    return possible + impossible


def _reason(network: Network, link: Link, closes_loop: bool, taken: bool) -> str:
    """Why the link cannot be drawn, "" when it can."""
    if not (closes_loop or taken):
        return ""
    names = {"source": network.nodes[link.source].name, "target": network.nodes[link.target].name}
    code = "would_cycle" if closes_loop else "already_linked"
    return sentence(Problem(code, link.target, values=names))


def _choice(network: Network, link: Link, reason: str) -> Choice:
    source, target = network.nodes[link.source], network.nodes[link.target]
    names = {"source": shown(source.name), "target": shown(target.name)}
    layer = LAYERS.get(target.kind)
    translate = QCoreApplication.translate
    return Choice(
        link,
        _title(network, link),
        about=_replaced(network, link),
        detail="" if target.name.startswith(target.kind) else shown(target.kind),
        icon=tile("unknown" if layer is None else layer.family),
        reason=reason,
        effect=translate("Canvas", "Links {source} to {target}.").format(**names),
    )


def _title(network: Network, link: Link) -> str:
    """The name of the target; ports are named where there are several."""
    source, target = network.nodes[link.source], network.nodes[link.target]
    title = shown(target.name)
    if len(input_ports(network, target)) > 1:
        title = "{0} · {1}".format(title, shown(port_title(network, target, link.target_port)))
    if len(output_ports(network, source)) > 1:
        title = "{0} → {1}".format(shown(port_title(network, source, link.source_port)), title)
    return title


def _replaced(network: Network, link: Link) -> str:
    """What the target's port gives up for this link."""
    translate = QCoreApplication.translate
    target = network.nodes[link.target]
    into = [old for old in network.incoming[target.id] if old.target_port == link.target_port]
    if not into:
        return translate("Canvas", "Free")
    if takes_many(target):
        return translate("Canvas", "Has {count} inputs").format(count=len(into))
    name = shown(network.nodes[into[0].source].name)
    return translate("Canvas", "Instead of the link from {source}").format(source=name)


def _away(one: Node, other: Node) -> float:
    return abs(other.x - one.x) + abs(other.y - one.y)
