"""Writes resources/examples: run it after a change of the format or of an example.

python -m scripts.make_examples
"""

from __future__ import annotations

from typing import Any

from engine.network.model import Network
from engine.project.examples import EXAMPLE_FOLDER
from engine.project.project import Project
from engine.project.project_file import write
from engine.recipe.recipe import DataChoice, OptimizerChoice, Recipe
from scripts.drawing import COLUMN, PITCH, TALL_PITCH, Drawing, Items, gpt_block, pitch, residual


def column_layout(items: Items, per_column: int) -> Network:
    """The items one after the other, top to bottom, in columns."""
    drawing, before = Drawing(), ""
    x = y = 0
    for at, (kind, parameters) in enumerate(items):
        if at and at % per_column == 0:
            x, y = x + COLUMN, 0
        sources = (before,) if before else ()
        before = drawing.add(kind, *sources, at=(x, y), **parameters)
        y += pitch(kind)
    return drawing.network


def mnist_cnn() -> Project:
    """The small Keras network of the digits tutorial, by PyTorch's names: 93,322 parameters."""
    items: Items = (
        ("Input", {"shape": (1, 28, 28)}),
        ("Conv2d", {"out_channels": 32, "kernel_size": 3}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 64, "kernel_size": 3}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 64, "kernel_size": 3}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
        ("Softmax", {}),
    )
    recipe = Recipe(learning_rate=1e-3, batch_size=32, epochs=5)
    return Project(column_layout(items, 7), recipe, DataChoice(source="mnist-10k"))


def points(source: str, hidden: tuple[int, ...], activation: str, epochs: int) -> Project:
    """A multilayer perceptron on points in the plane."""
    items: list[tuple[str, dict[str, Any]]] = [("Input", {"shape": (2,)})]
    for width in hidden:
        items += [("Linear", {"out_features": width}), (activation, {})]
    items += [("Linear", {"out_features": 2}), ("Softmax", {})]
    recipe = Recipe(learning_rate=1e-2, batch_size=20, epochs=epochs)
    return Project(column_layout(tuple(items), 9), recipe, DataChoice(source=source))


def resnet_18() -> Project:
    """He et al., Deep residual learning (2016), as torchvision builds it: 11,689,512 parameters."""
    drawing = Drawing()
    image = drawing.add("Input", shape=(3, 224, 224))
    stem: Items = (
        (
            "Conv2d",
            {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False},
        ),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    )
    ids, y = drawing.chain(stem, image, "", (0, TALL_PITCH))
    last = ids[-1]
    for number, channels in enumerate((64, 128, 256, 512), 1):
        stage = _stage(drawing, number, channels, y)
        drawing.link(stage, last)
        last, y = stage, y + PITCH
    head: Items = (
        ("AdaptiveAvgPool2d", {"output_size": 1}),
        ("Flatten", {}),
        ("Linear", {"out_features": 1000}),
    )
    drawing.chain(head, last, "", (0, y))
    text = (
        "ResNet-18 for ImageNet, to look at and to take apart: none of the data sets here has images "
        "like these, so it cannot be trained as it is."
    )
    drawing.add("Comment", at=(COLUMN, 0), text=text)
    recipe = Recipe(
        optimizer=OptimizerChoice(kind="SGD", parameters={"momentum": 0.9, "weight_decay": 1e-4}),
        learning_rate=0.1,
        batch_size=256,
    )
    return Project(drawing.network, recipe, DataChoice(source="mnist-10k"))


def _stage(drawing: Drawing, number: int, channels: int, y: float) -> str:
    """Two residual blocks; from the second stage on the first of them halves the image."""
    stage = drawing.add("Block", at=(0, y), name=f"Stage {number}")
    last = drawing.add("BlockInput", block=stage, name="x")
    y = PITCH
    if number > 1:
        name = "Downsampling block"
        halving = residual(drawing, channels, 2, stage, (0, y), name, projected=True)
        drawing.link(halving, last)
        last, y = halving, y + PITCH
    same = residual(drawing, channels, 1, stage, (0, y), repeat=2 if number == 1 else 1)
    drawing.link(same, last)
    drawing.add("BlockOutput", same, block=stage, at=(0, y + PITCH), name="y")
    blocks = [node.id for node in drawing.network.nodes.values() if node.block == stage]
    convs = [block for block in blocks if drawing.network.nodes[block].kind == "Block"]
    drawing.show(stage, "out_channels", *convs)
    return stage


def gpt2_small() -> Project:
    """Radford et al., Language models are unsupervised multitask learners (2019): 124,439,808
    parameters."""
    drawing = Drawing()
    width = 768
    items: Items = (
        ("Embedding", {"num_embeddings": 50257, "embedding_dim": width}),
        ("PositionalEmbedding", {"max_length": 1024}),
    )
    words = drawing.add("Input", shape=(1024,), dtype="int64")
    ids, y = drawing.chain(items, words, "", (0, TALL_PITCH))
    blocks = gpt_block(drawing, width, heads=12, at=(0, y), repeat=12)
    drawing.link(blocks, ids[-1])
    drawing.add("LayerNorm", blocks, at=(0, y + PITCH), name="Final LayerNorm")
    text = (
        "GPT-2 small, to look at and to take apart: none of the data sets here is text, so it cannot "
        "be trained as it is."
    )
    drawing.add("Comment", at=(COLUMN, 0), text=text)
    text = (
        "The scores of the 50,257 next words are the product of this output with the weights of the "
        "Embedding: the output head shares them, so it adds no parameters and is not drawn."
    )
    drawing.add("Comment", at=(COLUMN, y + PITCH), text=text)
    recipe = Recipe(optimizer=OptimizerChoice(kind="AdamW"), learning_rate=2.5e-4, batch_size=512)
    return Project(drawing.network, recipe, DataChoice(source="mnist-10k"))


EXAMPLES = {
    "mnist-cnn": mnist_cnn,
    "two-moons": lambda: points("two-moons", (8, 8), "Tanh", 30),
    "spiral": lambda: points("spiral", (32, 32), "Tanh", 150),
    "xor": lambda: points("xor", (8,), "ReLU", 30),
    "resnet-18": resnet_18,
    "gpt2-small": gpt2_small,
}


def main() -> None:
    EXAMPLE_FOLDER.mkdir(exist_ok=True)
    for name, make in EXAMPLES.items():
        write(EXAMPLE_FOLDER / f"{name}.backlit", make(), {})


if __name__ == "__main__":
    main()
