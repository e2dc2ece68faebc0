"""Convolutions."""

from engine.network.layers.declaration import IMAGE, Layer
from engine.network.layers.parameter import LARGEST, Parameter

LAYERS = (
    Layer(
        kind="Conv2d",
        family="convolution",
        torch="torch.nn.Conv2d",
        formula="y[o, i, j] = b[o] + Σ w[o, c, u, v] · x[c, i·s + u·d − p, j·s + v·d − p]",
        help="Slides small kernels over the image; each kernel makes one feature map. The number of "
        "input channels (in_channels) follows from the layer before.",
        parameters=(
            Parameter(
                "out_channels",
                "int",
                32,
                "How many kernels, and so feature maps.",
                minimum=1,
                maximum=LARGEST,
            ),
            Parameter("kernel_size", "size", 3, "Height and width of a kernel.", 1, 65536, unit="px"),
            Parameter("stride", "size", 1, "Step between two windows.", 1, 65536, unit="px"),
            Parameter("padding", "size", 0, "Zeros added on each side.", 0, 65536, unit="px"),
            Parameter(
                "dilation", "size", 1, "Distance between the kernel's cells.", 1, 65536, unit="px"
            ),
            Parameter(
                "groups",
                "int",
                1,
                "Channels are split into this many separate groups; it divides both channel counts.",
                minimum=1,
                maximum=LARGEST,
            ),
            Parameter("bias", "bool", True, "Whether a learned constant is added to each map."),
        ),
        input_dtype="float32",
        inferred={"in_channels": 1},
        input_axes=IMAGE,
        keywords=("convolution", "kernel", "filter", "cnn"),
    ),
)
