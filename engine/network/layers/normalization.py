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
        input_dtype="float32",
        inferred={"num_features": 1},
        input_axes=IMAGE,
        keywords=("batch norm", "normalisation", "bn"),
    ),
    Layer(
        kind="LayerNorm",
        family="normalization",
        torch="torch.nn.LayerNorm",
        formula="y = γ · (x − mean) / √(var + ε) + β",
        help="Brings the last axis of every sample to mean 0 and variance 1, then scales and shifts it "
        "by learned numbers. It does not look at the other samples of the batch.",
        parameters=(
            Parameter("eps", "float", 1e-5, "ε, keeps the division safe.", 1e-12, 1.0),
            Parameter("elementwise_affine", "bool", True, "Whether γ and β are learned."),
            Parameter("bias", "bool", True, "Whether β is learned."),
        ),
        input_dtype="float32",
        inferred={"normalized_shape": -1},
        keywords=("layer norm", "normalisation", "ln", "transformer"),
    ),
)
