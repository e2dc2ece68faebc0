"""Layers over sequences of tokens: N × T × d."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import LARGEST, Parameter

LAYERS = (
    Layer(
        kind="MultiheadAttention",
        family="recurrent",
        torch="engine.build.operations.MultiheadAttention",
        formula="softmax(Q·Kᵀ/√d) · V",
        help="Each token looks at all others: query and key decide how much, value is what it takes. "
        "Link one tensor to query alone and it attends to itself.",
        parameters=(
            Parameter("num_heads", "int", 8, "Heads that look side by side.", 1, LARGEST),
            Parameter("is_causal", "bool", False, "A token sees only itself and those before it."),
            Parameter("dropout", "float", 0.0, "Share of attention weights set to zero.", 0, 1),
            Parameter("bias", "bool", True, "Add a learned bias to the projections."),
        ),
        input_dtype="float32",
        inferred={"embed_dim": 2},
        input_axes=("batch", "time", "feature"),
        inputs=("query", "key", "value"),
        optional_inputs=("key", "value"),
        keywords=("transformer", "self-attention", "mha"),
    ),
)
