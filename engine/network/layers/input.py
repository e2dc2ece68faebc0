"""Where data enters."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import LARGEST, Parameter

LAYERS = (
    Layer(
        kind="Input",
        family="input",
        torch="",
        formula="x",
        help="Where samples enter the network. Its shape is that of one sample; the batch axis N "
        "comes in front of it.",
        parameters=(
            Parameter(
                "shape",
                "shape",
                (1, 28, 28),
                "Shape of one sample: channels, height, width for an image; the number of features "
                "for a point.",
                minimum=1,
                maximum=LARGEST,
            ),
            Parameter(
                "dtype",
                "choice",
                "float32",
                "Kind of the numbers: fractions, or whole numbers such as those of words.",
                choices=("float32", "int64"),
            ),
        ),
        inputs=(),
        keywords=("data", "source", "image"),
    ),
)
