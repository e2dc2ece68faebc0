"""Edits of every kind, drawn by hypothesis so that they fit the network more often than not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from engine.network.block_edits import GroupNodes, OpenBlock, RaiseParameter, UngroupBlock
from engine.network.copies import AddFragment, cut_out, moved, renewed, without_ports
from engine.network.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    EditError,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    SetParameter,
    Together,
)
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network
from engine.network.ports import PORTS, input_ports, output_ports
from engine.network.raised import SetRaised
from engine.network.rewire import InsertOnLink, RemoveAndHeal
from tests.engine.network.graphs import places

#: Networks that copies of copies made are left alone from here on.
LARGEST = 60
_numbers = st.one_of(st.integers(-2, 12), st.sampled_from([10**12, 2.5, True, "", "x", (3, 3)]))
_coordinates = places | st.floats(allow_nan=True, allow_infinity=True)


def any_edit(draw: st.DrawFn, network: Network) -> Edit:
    kinds = _Edits(draw, network)
    kind = draw(st.sampled_from(_KINDS))
    edit: Edit = getattr(kinds, kind)()
    return edit


#: The names of methods below; those that make something to be edited come more often.
_KINDS = (
    *("add", "add", "connect", "connect", "group", "group", "paste", "together"),
    *("remove", "heal", "move", "rename", "set_parameter", "disconnect", "insert"),
    *("ungroup", "open", "raise_parameter", "set_raised"),
)


class _Edits:
    def __init__(self, draw: st.DrawFn, network: Network) -> None:
        self._draw = draw
        self._network = network
        self._ids = sorted(network.nodes) or ["nobody"]
        self._blocks = [key for key in self._ids if self._kind(key) == "Block"] or self._ids

    def add(self) -> Edit:
        draw = self._draw
        new = new_node(self._network, draw(st.sampled_from([*LAYERS, *PORTS])))
        return AddNode(replace(new, block=self._around(), x=draw(_coordinates), y=draw(_coordinates)))

    def remove(self) -> Edit:
        return RemoveNodes(self._several())

    def heal(self) -> Edit:
        return RemoveAndHeal(self._several())

    def move(self) -> Edit:
        draw = self._draw
        return MoveNodes({key: (draw(_coordinates), draw(_coordinates)) for key in self._several()})

    def rename(self) -> Edit:
        return RenameNode(self._one(), self._draw(st.text(max_size=5)))

    def set_parameter(self) -> Edit:
        node_id = self._one()
        return SetParameter(node_id, self._parameter(node_id), self._draw(_numbers))

    def connect(self) -> Edit:
        source, target = self._one(), self._one()
        nodes = self._network.nodes
        outputs = output_ports(self._network, nodes[source]) if source in nodes else ()
        inputs = input_ports(self._network, nodes[target]) if target in nodes else ()
        out = self._draw(st.sampled_from(outputs or ("out",)))
        return Connect(Link(source, target, out, self._draw(st.sampled_from(inputs or ("in",)))))

    def disconnect(self) -> Edit:
        return Disconnect(frozenset({self._link()}))

    def insert(self) -> Edit:
        return InsertOnLink(self._one(), self._link())

    def group(self) -> Edit:
        around = self._draw(st.sampled_from(sorted(self._network.children)))
        beside = [key for key in self._network.children[around] if self._kind(key) not in PORTS]
        ids = self._draw(st.frozensets(st.sampled_from(beside or self._ids), max_size=5))
        return GroupNodes(ids, self._draw(st.text(max_size=3)))

    def ungroup(self) -> Edit:
        return UngroupBlock(self._block())

    def open(self) -> Edit:
        return OpenBlock(self._block(), self._draw(st.booleans()))

    def raise_parameter(self) -> Edit:
        block = self._block()
        target = self._draw(st.sampled_from(sorted(self._network.inside(block)) or self._ids))
        targets = ((target, self._parameter(target)),) if self._draw(st.booleans()) else ()
        return RaiseParameter(block, self._draw(st.sampled_from("ab")), targets)

    def set_raised(self) -> Edit:
        return SetRaised(self._block(), self._draw(st.sampled_from("ab")), self._draw(_numbers))

    def paste(self) -> Edit:
        fragment, into = cut_out(self._network, self._several()), self._around()
        fresh = moved(renewed(self._network, fragment if into else without_ports(fragment)), {}, into)
        fits = len(self._network.nodes) + len(fresh.nodes) <= LARGEST
        return AddFragment(fresh if fits else Network())

    def together(self) -> Edit:
        first = any_edit(self._draw, self._network)
        try:
            return Together((first, any_edit(self._draw, first.apply(self._network))))
        except EditError:
            return first

    # Where

    def _kind(self, node_id: str) -> str:
        return self._network.nodes[node_id].kind if node_id in self._network.nodes else ""

    def _one(self) -> str:
        return self._draw(st.sampled_from(self._ids))

    def _several(self) -> frozenset[str]:
        return self._draw(st.frozensets(st.sampled_from(self._ids), min_size=1, max_size=4))

    def _block(self) -> str:
        return self._draw(st.sampled_from(self._blocks))

    def _around(self) -> str:
        """A block, or the network itself as often."""
        return self._block() if self._draw(st.booleans()) else ""

    def _link(self) -> Link:
        links = sorted(self._network.links, key=repr)
        return self._draw(st.sampled_from(links)) if links else Link("nobody", "nobody")

    def _parameter(self, node_id: str) -> str:
        layer = LAYERS.get(self._kind(node_id))
        names = [parameter.name for parameter in layer.parameters] if layer else []
        return self._draw(st.sampled_from(names or ["repeat"]))
