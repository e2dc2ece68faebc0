"""What a diagram is ordered with: blocks and their ports, comments and frames. None of it computes."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import LARGEST, Parameter

#: Colours of a frame, by the names of `gui.theme.FRAME_COLORS`.
FRAME_COLORS = ("grey", "blue", "orange", "green", "purple", "yellow")

LAYERS = (
    Layer(
        kind="Block",
        family="structure",
        torch="",
        formula="y = f(f(… f(x)))",
        help="Several nodes under one name, with ports. Repeated, each copy takes what the one before "
        "it made, and has weights of its own.",
        parameters=(
            Parameter("repeat", "int", 1, "How many copies run one after the other.", 1, 1000),
        ),
        inputs=(),
        outputs=(),
        keywords=("group", "subgraph", "module", "repeat"),
    ),
    Layer(
        kind="BlockInput",
        family="structure",
        torch="",
        formula="x",
        help="Where a tensor enters the block. Its name is the name of the port.",
        inputs=(),
        keywords=("port", "in"),
    ),
    Layer(
        kind="BlockOutput",
        family="structure",
        torch="",
        formula="y",
        help="Where a tensor leaves the block. Its name is the name of the port.",
        outputs=(),
        keywords=("port", "out"),
    ),
    Layer(
        kind="Comment",
        family="structure",
        torch="",
        formula="",
        help="Words beside the diagram.",
        parameters=(Parameter("text", "text", "", "What it says."),),
        inputs=(),
        outputs=(),
        keywords=("note", "text"),
    ),
    Layer(
        kind="Frame",
        family="structure",
        torch="",
        formula="",
        help="A coloured ground under some nodes, with a title. Moving it moves what lies on it.",
        parameters=(
            Parameter("width", "int", 320, "Its width.", 64, LARGEST, unit="px"),
            Parameter("height", "int", 240, "Its height.", 64, LARGEST, unit="px"),
            Parameter("color", "choice", "grey", "Its colour.", choices=FRAME_COLORS),
        ),
        inputs=(),
        outputs=(),
        keywords=("group", "region", "box"),
    ),
)
