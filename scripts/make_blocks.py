"""Writes resources/blocks, the blocks that the library begins with.

python -m scripts.make_blocks
"""

from __future__ import annotations

from collections.abc import Callable

from engine.network.copies import cut_out
from engine.project.fragment import to_text
from engine.project.library import BUNDLED, SUFFIX
from scripts.drawing import COLUMN, Drawing, conv_bn_relu, encoder_block, gpt_block, residual

BLOCKS: dict[str, tuple[Callable[[Drawing], str], str]] = {
    "conv-bn-relu": (
        conv_bn_relu,
        "A convolution, its channels normalized over the batch, negative values cut off. The "
        "convolution has no bias: the normalization would take it away again.",
    ),
    "residual-block-v1": (
        lambda drawing: residual(drawing, 64, name="Residual block v1"),
        "Two convolutions learn what to add to their input, so a gradient always has a way past them. "
        "out_channels is the number of channels that come in.",
    ),
    "transformer-encoder-block": (
        lambda drawing: encoder_block(drawing, width=64, heads=8, hidden=256),
        "Tokens look at each other, then each is worked on alone; each half is added to what came in "
        "and then normalized. d_model is the number of features that come in.",
    ),
    "gpt-block": (
        lambda drawing: gpt_block(drawing, width=64, heads=8),
        "Tokens look at those before them, then each is worked on alone; each half is normalized "
        "first and added to what came in. d_model is the number of features that come in, "
        "dim_feedforward four times that.",
    ),
}


def main() -> None:
    BUNDLED.mkdir(exist_ok=True)
    for file, (draw, text) in BLOCKS.items():
        drawing = Drawing()
        block = draw(drawing)
        drawing.add("Comment", block=block, at=(COLUMN, 0), text=text)
        fragment = cut_out(drawing.network, [block])
        (BUNDLED / f"{file}{SUFFIX}").write_text(to_text(fragment), encoding="utf-8")


if __name__ == "__main__":
    main()
