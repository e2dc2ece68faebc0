"""Pooling: a window becomes one number."""

from engine.network.layers.declaration import IMAGE, Layer
from engine.network.layers.parameter import Parameter

_KERNEL = Parameter("kernel_size", "size", 2, "Height and width of a window.", 1, 65536, unit="px")
_STRIDE = Parameter(
    "stride",
    "size",
    "",
    "Step between two windows; empty means the kernel size, so that windows do not overlap.",
    minimum=1,
    maximum=65536,
    unit="px",
    optional=True,
)
_PADDING = Parameter(
    "padding",
    "size",
    0,
    "Border added on each side; at most half of the kernel.",
    minimum=0,
    maximum=32768,
    unit="px",
)

LAYERS = (
    Layer(
        kind="MaxPool2d",
        family="pooling",
        torch="torch.nn.MaxPool2d",
        formula="y[c, i, j] = max x[c, i·s + u, j·s + v]",
        help="Keeps the largest value of each window: the image shrinks, strong features stay.",
        parameters=(_KERNEL, _STRIDE, _PADDING),
        input_axes=IMAGE,
        keywords=("maximum", "downsample"),
    ),
    Layer(
        kind="AvgPool2d",
        family="pooling",
        torch="torch.nn.AvgPool2d",
        formula="y[c, i, j] = mean x[c, i·s + u, j·s + v]",
        help="Keeps the mean of each window.",
        parameters=(_KERNEL, _STRIDE, _PADDING),
        input_axes=IMAGE,
        keywords=("average", "mean", "downsample"),
    ),
    Layer(
        kind="AdaptiveAvgPool2d",
        family="pooling",
        torch="torch.nn.AdaptiveAvgPool2d",
        formula="y[c, i, j] = mean of the window (i, j)",
        help="Averages so that the output has the size you ask for, whatever comes in. Size 1 leaves "
        "one number a channel.",
        parameters=(
            Parameter("output_size", "size", 1, "Height and width of the output.", 1, 65536, unit="px"),
        ),
        input_axes=IMAGE,
        keywords=("global average", "gap", "mean", "downsample"),
    ),
)
