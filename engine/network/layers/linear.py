"""Fully connected layers."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import LARGEST, Parameter

LAYERS = (
    Layer(
        kind="Linear",
        family="linear",
        torch="torch.nn.Linear",
        formula="y = x·Wᵀ + b",
        help="Every output is a weighted sum of every input, plus a bias. The number of inputs "
        "(in_features) follows from the layer before.",
        parameters=(
            Parameter(
                "out_features", "int", 64, "How many outputs (neurons).", minimum=1, maximum=LARGEST
            ),
            Parameter("bias", "bool", True, "Whether a learned constant b is added."),
        ),
        input_dtype="float32",
        inferred={"in_features": -1},
        keywords=("dense", "fully connected", "neuron", "mlp"),
    ),
)
