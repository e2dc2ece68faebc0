"""Regularization layers: active in training, silent afterwards."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import Parameter

LAYERS = (
    Layer(
        kind="Dropout",
        family="regularization",
        torch="torch.nn.Dropout",
        formula="y = x · m / (1 − p),  m ~ Bernoulli(1 − p)",
        help="While training, sets a random share p of the values to 0, so that no unit can rely on "
        "another. Afterwards it does nothing.",
        parameters=(Parameter("p", "float", 0.5, "Share of values that are set to 0.", 0.0, 1.0),),
        keywords=("overfitting",),
    ),
)
