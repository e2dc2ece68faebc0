"""Drawing networks by script: nodes on the grid, blocks within blocks, links by name of the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.network.block_edits import RaiseParameter
from engine.network.edits import AddNode, Connect
from engine.network.layers import new_node
from engine.network.model import Link, Network
from engine.network.ports import free_inputs, input_ports, output_ports
from engine.telemetry.thumbnail import has_thumbnail

COLUMN = 320
#: Distance to the next node: a card grows while it shows what its node makes of a sample.
PITCH, TALL_PITCH = 88, 128

Items = Iterable[tuple[str, dict[str, Any]]]


class Drawing:
    """A network that grows. What is inside a block is drawn before the block is linked."""

    def __init__(self) -> None:
        self.network = Network()

    def add(
        self,
        kind: str,
        *sources: str,
        block: str = "",
        at: tuple[float, float] = (0, 0),
        name: str = "",
        **parameters: Any,
    ) -> str:
        """A node, linked from the first output of each source to its own free ports in their order."""
        node = new_node(self.network, kind, *at)
        given = {**node.parameters, **parameters}
        node = replace(node, block=block, name=name or node.name, parameters=given)
        self.network = AddNode(node).apply(self.network)
        self.link(node.id, *sources)
        return node.id

    def link(self, target: str, *sources: str) -> None:
        for source in sources:
            node = self.network.nodes[target]
            port = (*free_inputs(self.network, node), *input_ports(self.network, node))[0]
            out = output_ports(self.network, self.network.nodes[source])[0]
            self.network = Connect(Link(source, target, out, port)).apply(self.network)

    def chain(
        self, items: Items, source: str, block: str, at: tuple[float, float]
    ) -> tuple[list[str], float]:
        """Nodes one below the other, and the y of the next one."""
        x, y = at
        ids: list[str] = []
        for kind, parameters in items:
            ids.append(self.add(kind, *(ids[-1:] or [source]), block=block, at=(x, y), **parameters))
            y += pitch(kind)
        return ids, y

    def show(self, block: str, name: str, *nodes: str, parameter: str = "") -> None:
        """A parameter of nodes inside on the face of a block."""
        targets = tuple((node, parameter or name) for node in nodes)
        self.network = RaiseParameter(block, name, targets).apply(self.network)


def pitch(kind: str) -> int:
    return TALL_PITCH if has_thumbnail(kind) else PITCH


# Blocks that are used in several places. Each gives the id of the block, not yet linked.


def conv_bn_relu(drawing: Drawing, block: str = "", at: tuple[float, float] = (0, 0)) -> str:
    outer = drawing.add("Block", block=block, at=at, name="Conv BN ReLU")
    entry = drawing.add("BlockInput", block=outer, name="x")
    items: Items = (
        ("Conv2d", {"out_channels": 64, "padding": 1, "bias": False}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
    )
    ids, y = drawing.chain(items, entry, outer, (0, PITCH))
    drawing.add("BlockOutput", ids[-1], block=outer, at=(0, y), name="y")
    for name in ("out_channels", "kernel_size", "stride", "padding"):
        drawing.show(outer, name, ids[0])
    return outer


def residual(
    drawing: Drawing,
    channels: int,
    stride: int = 1,
    block: str = "",
    at: tuple[float, float] = (0, 0),
    name: str = "Residual block",
    repeat: int = 1,
    projected: bool = False,
) -> str:
    """ReLU(F(x) + x) with two 3x3 convolutions: He et al., Deep residual learning (2016), figure 2.
    projected: x passes a 1x1 convolution, which its shape needs where F changes it."""
    outer = drawing.add("Block", block=block, at=at, name=name, repeat=repeat)
    entry = drawing.add("BlockInput", block=outer, name="x")
    conv = {"out_channels": channels, "padding": 1, "bias": False}
    items: Items = (
        ("Conv2d", {**conv, "stride": stride}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Conv2d", conv),
        ("BatchNorm2d", {}),
    )
    ids, y = drawing.chain(items, entry, outer, (0, PITCH))
    skip, convs = entry, [ids[0], ids[3]]
    if projected:
        shortcut: Items = (
            ("Conv2d", {"out_channels": channels, "kernel_size": 1, "stride": stride, "bias": False}),
            ("BatchNorm2d", {}),
        )
        at_second_conv = drawing.network.nodes[ids[3]].y
        beside, _ = drawing.chain(shortcut, entry, outer, (COLUMN, at_second_conv))
        skip = beside[-1]
        convs.append(beside[0])
    joint = drawing.add("Add", ids[-1], skip, block=outer, at=(0, y))
    relu = drawing.add("ReLU", joint, block=outer, at=(0, y + TALL_PITCH))
    drawing.add("BlockOutput", relu, block=outer, at=(0, y + 2 * TALL_PITCH), name="y")
    drawing.show(outer, "out_channels", *convs)
    if projected:
        drawing.show(outer, "stride", ids[0], convs[-1])
    return outer


def encoder_block(drawing: Drawing, width: int, heads: int, hidden: int) -> str:
    """Vaswani et al., Attention is all you need (2017): each half is normalized after its sum."""
    outer = drawing.add("Block", name="Transformer encoder block")
    x = drawing.add("BlockInput", block=outer, name="x")
    attention = drawing.add("MultiheadAttention", x, block=outer, at=(0, PITCH), num_heads=heads)
    first = drawing.add("Add", attention, x, block=outer, at=(0, PITCH + TALL_PITCH))
    norm = drawing.add("LayerNorm", first, block=outer, at=(0, PITCH + 2 * TALL_PITCH))
    items: Items = (
        ("Linear", {"out_features": hidden}),
        ("ReLU", {}),
        ("Linear", {"out_features": width}),
    )
    ids, y = drawing.chain(items, norm, outer, (0, PITCH + 3 * TALL_PITCH))
    second = drawing.add("Add", ids[-1], norm, block=outer, at=(0, y))
    last = drawing.add("LayerNorm", second, block=outer, at=(0, y + TALL_PITCH))
    drawing.add("BlockOutput", last, block=outer, at=(0, y + 2 * TALL_PITCH), name="y")
    _show_sizes(drawing, outer, attention, ids)
    return outer


def gpt_block(
    drawing: Drawing,
    width: int,
    heads: int,
    block: str = "",
    at: tuple[float, float] = (0, 0),
    repeat: int = 1,
) -> str:
    """Radford et al., Language models are unsupervised multitask learners (2019): each half is
    normalized before it, and a token sees only those before it."""
    outer = drawing.add("Block", block=block, at=at, name="GPT block", repeat=repeat)
    x = drawing.add("BlockInput", block=outer, name="x")
    norm = drawing.add("LayerNorm", x, block=outer, at=(0, PITCH))
    below = PITCH + TALL_PITCH
    attention = drawing.add(
        "MultiheadAttention", norm, block=outer, at=(0, below), num_heads=heads, is_causal=True
    )
    first = drawing.add("Add", attention, x, block=outer, at=(0, below + TALL_PITCH))
    items: Items = (
        ("LayerNorm", {}),
        ("Linear", {"out_features": 4 * width}),
        ("GELU", {}),
        ("Linear", {"out_features": width}),
    )
    ids, y = drawing.chain(items, first, outer, (0, below + 2 * TALL_PITCH))
    second = drawing.add("Add", ids[-1], first, block=outer, at=(0, y))
    drawing.add("BlockOutput", second, block=outer, at=(0, y + TALL_PITCH), name="y")
    _show_sizes(drawing, outer, attention, ids[1:])
    return outer


def _show_sizes(drawing: Drawing, block: str, attention: str, mlp: list[str]) -> None:
    """By the names of torch.nn.TransformerEncoderLayer where it has them."""
    drawing.show(block, "num_heads", attention)
    drawing.show(block, "dim_feedforward", mlp[0], parameter="out_features")
    drawing.show(block, "d_model", mlp[-1], parameter="out_features")
