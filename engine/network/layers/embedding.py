"""From whole numbers to vectors."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import LARGEST, Parameter

LAYERS = (
    Layer(
        kind="Embedding",
        family="linear",
        torch="torch.nn.Embedding",
        formula="y = W[x]",
        help="A learned vector for each whole number, such as the number of a word.",
        parameters=(
            Parameter("num_embeddings", "int", 1000, "How many numbers there are.", 1, LARGEST),
            Parameter("embedding_dim", "int", 64, "Length of each vector.", 1, LARGEST),
        ),
        input_dtype="int64",
        keywords=("word", "token", "lookup", "vocabulary"),
    ),
    Layer(
        kind="PositionalEmbedding",
        family="linear",
        torch="engine.build.operations.PositionalEmbedding",
        formula="y = x + P",
        help="Adds a learned vector for each place in the sequence, so that order counts.",
        parameters=(Parameter("max_length", "int", 1024, "Longest sequence, in tokens.", 1, LARGEST),),
        inferred={"embedding_dim": 2},
        input_axes=("batch", "time", "feature"),
        keywords=("position", "transformer"),
    ),
)
