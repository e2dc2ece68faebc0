"""Normalization layers."""

from engine.network.layers.declaration import IMAGE, Layer
from engine.network.layers.parameter import Parameter

LAYERS = (
    Layer(
        kind="BatchNorm2d",
        family="normalization",
        torch="torch.nn.BatchNorm2d",
        formula="y = γ · (x − mean) / √(var + ε) + β",
        help="Brings every channel to mean 0 and variance 1 over the batch, then scales and shifts "
        "it by learned numbers. Once trained it uses the running mean and variance.",
        parameters=(
            Parameter("eps", "float", 1e-5, "ε, keeps the division safe.", 1e-12, 1.0),
            Parameter("momentum", "float", 0.1, "Weight of a new batch in the running mean.", 0.0, 1.0),
            Parameter("affine", "bool", True, "Whether γ and β are learned."),
        ),
        inferred={"num_features": 1},
        input_axes=IMAGE,
        keywords=("batch norm", "normalisation", "bn"),
    ),
)
