"""Activation functions: element by element, except Softmax."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import Parameter

LAYERS = (
    Layer(
        kind="ReLU",
        family="activation",
        torch="torch.nn.ReLU",
        formula="y = max(0, x)",
        help="Negative values become 0, positive ones pass.",
        keywords=("rectifier", "nonlinearity"),
    ),
    Layer(
        kind="LeakyReLU",
        family="activation",
        torch="torch.nn.LeakyReLU",
        formula="y = x if x > 0, else slope · x",
        help="Like ReLU, but negative values keep a small slope, so no unit goes silent for good.",
        parameters=(Parameter("negative_slope", "float", 0.01, "Slope for negative x.", -1e3, 1e3),),
        keywords=("rectifier", "nonlinearity"),
    ),
    Layer(
        kind="GELU",
        family="activation",
        torch="torch.nn.GELU",
        formula="y = x · Φ(x)",
        help="A smooth ReLU: x weighted by the chance that a standard normal value lies below it.",
        keywords=("nonlinearity", "transformer"),
    ),
    Layer(
        kind="Sigmoid",
        family="activation",
        torch="torch.nn.Sigmoid",
        formula="y = 1 / (1 + e⁻ˣ)",
        help="Squeezes every value into 0 … 1; its gradient is at most 1/4.",
        keywords=("logistic", "nonlinearity"),
    ),
    Layer(
        kind="Tanh",
        family="activation",
        torch="torch.nn.Tanh",
        formula="y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
        help="Squeezes every value into −1 … 1.",
        keywords=("hyperbolic", "nonlinearity"),
    ),
    Layer(
        kind="Softmax",
        family="activation",
        torch="torch.nn.Softmax",
        formula="yᵢ = e^xᵢ / Σⱼ e^xⱼ",
        help="Turns scores into probabilities that sum to 1. At the end of a network trained with "
        "cross-entropy, Backlit takes the logarithm of it in one stable step.",
        parameters=(
            Parameter("dim", "int", 1, "The axis that sums to 1; axis 0 is the batch.", -6, 6),
        ),
        keywords=("probability", "classes", "output"),
    ),
)
