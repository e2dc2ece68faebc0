"""Layers as a chooser shows them: what fits the tensor at hand first."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from engine.build.report import ShapeReport, shape_text
from engine.network.layers import FAMILIES, LAYERS, Layer
from engine.network.model import Link, Network
from engine.network.ports import PORTS
from engine.network.successors import Tensor, fits, predecessors, successors
from gui.canvas.ports import Port
from gui.choosing.rows import Choice
from gui.tiles import tile


def tensor_at(network: Network, report: ShapeReport, port: Port) -> Tensor:
    """What leaves an output port, as far as it is known."""
    node = network.nodes[port.node]
    layer = LAYERS.get(node.kind)
    family = "tensor" if layer is None else layer.family
    found = report.nodes.get(node.id)
    shape = report.shape_on(Link(node.id, "", port.name))
    return Tensor(shape, "float32" if found is None else found.dtype, family)


def after(tensor: Tensor, effect: str, *, passing: bool = False, inside: bool = False) -> list[Choice]:
    """What can take a tensor. effect: a sentence with {kind} in it. passing: and gives one on.
    inside: of a block, which may get another output."""
    translate = QCoreApplication.translate
    layers = [layer for layer in successors(tensor) if layer.outputs or not passing]
    ports = [LAYERS["BlockOutput"]] if inside and not passing else []
    if tensor.shape is None:
        return _choices(layers + ports, translate("Canvas", "The shape is not known yet"), effect)
    title = translate("Canvas", "Fits {shape}").format(shape=shape_text(tensor.shape))
    other = translate("Canvas", "Does not fit as it is")
    fitting = [layer for layer in layers if fits(layer, tensor)] + ports
    rest = [layer for layer in layers if not fits(layer, tensor)]
    return [
        *_choices(fitting, title, effect),
        *(_choice(layer, other, effect, _needs(layer)) for layer in rest),
    ]


def before(layer: Layer | None, effect: str, *, inside: bool = False) -> list[Choice]:
    """What can feed an input of `layer`. inside: of a block, which has no Input but may get one."""
    layers = list(predecessors(layer))
    if inside:
        layers = [LAYERS["BlockInput"], *(each for each in layers if each.kind != "Input")]
    return _choices(layers, QCoreApplication.translate("Canvas", "Usual first"), effect)


def anywhere(network: Network, effect: str, block: str) -> list[Choice]:
    """Every layer: an Input first while there is none, and after all others when there is one. Inside
    a block, its ports instead."""
    drawn = ("Comment", "Frame", *(PORTS if block else ()))
    kinds = [layer for layer in LAYERS.values() if layer.computes or layer.kind in drawn]
    if block:
        kinds = [layer for layer in kinds if layer.kind != "Input"]
    has_input = any(node.kind == "Input" for node in network.nodes.values())
    kinds.sort(key=lambda layer: (layer.kind == "Input") == has_input)
    translate = QCoreApplication.translate
    return [
        _choice(each, translate("engine", FAMILIES[each.family]), effect, _help(each)) for each in kinds
    ]


def _choices(layers: Iterable[Layer], title: str, effect: str) -> list[Choice]:
    return [_choice(layer, title, effect, _help(layer)) for layer in layers]


def _choice(layer: Layer, title: str, effect: str, about: str) -> Choice:
    family = QCoreApplication.translate("engine", FAMILIES[layer.family])
    return Choice(
        layer.kind,
        layer.kind,
        about=about,
        icon=tile(layer.family),
        group=title,
        effect=effect.format(kind=layer.kind),
        words=" ".join((layer.family, family, *layer.keywords)),
    )


def _help(layer: Layer) -> str:
    return QCoreApplication.translate("engine", layer.help)


def _needs(layer: Layer) -> str:
    """What the declaration insists on."""
    translate = QCoreApplication.translate
    if layer.input_axes:
        axes = " × ".join(("N", *layer.input_axes[1:]))
        return translate("Canvas", "Needs {axes}").format(axes=axes)
    if layer.input_dtype == "int64":
        return translate("Canvas", "Needs whole numbers, such as words")
    return translate("Canvas", "Needs fractions, not whole numbers")
