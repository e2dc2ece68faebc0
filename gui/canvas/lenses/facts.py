"""What there is to be seen: costs of the network as it is drawn, and the latest of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.build.report import NodeCost, ShapeReport
from engine.network.expand import Expansion, expand
from engine.network.model import Link, Network, Node
from engine.network.ports import output_ports
from engine.telemetry.frame import Frame, LayerGradient
from gui.editor import Editor


class Facts:
    """Of the nodes and links of the diagram. A run knows flat networks only (`engine.network.expand`):
    of a node in a repeated block the first copy is looked at, and of a block what it puts out."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._expansion: tuple[Network, Expansion] | None = None
        self.forget()

    def forget(self) -> None:
        """There is no run any more."""
        self.run: int | None = None
        self.flow: Mapping[str, float] = {}
        self.flow_reference = 0.0
        self.values: Mapping[str, float] = {}
        self.ratios: Mapping[str, float] = {}

    def take(self, frame: Frame) -> None:
        """What a frame does not tell stays as it was: a look between two steps has no gradients."""
        if frame.run != self.run:
            self.forget()
            self.run = frame.run
        if frame.flow:
            self.flow, self.flow_reference = frame.flow, frame.flow_reference
        if frame.values:
            self.values = frame.values
        if frame.gradients:
            self.ratios = self._together(frame.gradients)

    @property
    def network(self) -> Network:
        return self._editor.network

    @property
    def report(self) -> ShapeReport:
        return self._editor.report

    @property
    def costs(self) -> Mapping[str, NodeCost]:
        return self._editor.report.costs

    @property
    def batch_size(self) -> int:
        return self._editor.project.recipe.batch_size

    def maker(self, link: Link) -> str:
        """The flat node whose output is on a link: not a block, nor a port of one."""
        of_block = self.network.nodes[link.source].kind == "Block"
        port = link.source_port if of_block else link.source
        return self._flat().sources.get(port, (link.source, ""))[0]

    def value_of(self, node: Node) -> float | None:
        """How large the output of a node is, or the first of a block's."""
        sources = self._flat().sources
        ports = output_ports(self.network, node) if node.kind == "Block" else (node.id,)
        first = sources.get(ports[0], (ports[0], ""))[0] if ports else ""
        return self.values.get(first)

    def _flat(self) -> Expansion:
        if self._expansion is None or self._expansion[0] is not self.network:
            self._expansion = (self.network, expand(self.network))
        return self._expansion[1]

    def _together(self, gradients: Mapping[str, LayerGradient]) -> dict[str, float]:
        """‖Δw‖ / ‖w‖ over all weights of a node, its copies together, and of a block."""
        squares: dict[str, tuple[float, float]] = {}
        expansion, nodes = self._flat(), self.network.nodes
        for flat_id, layer in gradients.items():
            origin = expansion.origin_of(flat_id)
            if origin not in nodes:  # deleted since the run began
                continue
            for node_id in (origin, *self.network.blocks_around(origin)):
                update, weight = squares.get(node_id, (0.0, 0.0))
                squares[node_id] = (update + layer.update**2, weight + layer.weight**2)
        return {
            node_id: math.sqrt(update / weight) if weight else 0.0
            for node_id, (update, weight) in squares.items()
        }
