"""Operations on whole tensors: reshape and join."""

from engine.network.layers.declaration import Layer
from engine.network.layers.parameter import Parameter

LAYERS = (
    Layer(
        kind="Flatten",
        family="tensor",
        torch="torch.nn.Flatten",
        formula="N × C × H × W → N × C·H·W",
        help="Lays all axes of a sample out in one row, so that Linear can read it.",
        parameters=(
            Parameter("start_dim", "int", 1, "First axis to join; 0 is the batch.", 0, 6),
            Parameter("end_dim", "int", -1, "Last axis to join; −1 is the last.", -6, 6),
        ),
        keywords=("reshape", "vector"),
    ),
    Layer(
        kind="Add",
        family="tensor",
        torch="engine.build.operations.Add",
        formula="y = x₁ + x₂ + …",
        help="Adds its inputs element by element: the joint of a skip connection.",
        takes_many=True,
        keywords=("sum", "residual", "skip", "plus"),
    ),
    Layer(
        kind="Concat",
        family="tensor",
        torch="engine.build.operations.Concat",
        formula="y = [x₁, x₂, …]",
        help="Puts its inputs one after the other along one axis, in the order they were linked.",
        parameters=(Parameter("dim", "int", 1, "The axis to join along; 1 is the channel.", -6, 6),),
        takes_many=True,
        keywords=("cat", "concatenate", "join", "merge", "skip"),
    ),
)
