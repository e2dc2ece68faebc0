"""What is written is what is read: the whole project, and the weights bit for bit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.network.model import Network, Node
from engine.project import container, weights_file
from engine.project.errors import FileProblem
from engine.project.examples import example_names, find
from engine.project.project import Project, Weights
from engine.project.project_file import Opened, read, write
from engine.project.schema import to_document
from tests.engine.project.projects import projects, weights

CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ONE_NODE = Network({"a": Node("a", "Linear", "a")})


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.backlit"


def there_and_back(file: Path, project: Project, numbers: Weights) -> Opened:
    digest = write(file, project, numbers)
    opened = read(file)
    assert opened.digest == digest
    return opened


def same_bits(before: Weights, after: Weights) -> bool:
    return before.keys() == after.keys() and all(
        after[name].shape == array.shape
        and after[name].dtype == array.dtype.newbyteorder("=")
        and after[name].tobytes() == array.astype(array.dtype.newbyteorder("<")).tobytes()
        for name, array in before.items()
    )


@given(project=projects, data=st.data())
@CALM
def test_any_project_comes_back(file: Path, project: Project, data: st.DataObject) -> None:
    numbers = data.draw(weights(project.network))
    opened = there_and_back(file, project, numbers)
    assert opened.repairs == ()
    assert opened.project == project
    assert to_document(opened.project) == to_document(project)  # tells 1 from 1.0 and True
    assert list(opened.project.network.nodes) == list(project.network.nodes)
    assert same_bits(numbers, opened.weights)
    assert not any(array.flags.writeable for array in opened.weights.values())
    # The same project gives the same bytes, whether it was just made or read.
    first = file.read_bytes()
    write(file, opened.project, opened.weights)
    assert file.read_bytes() == first


@given(project=projects)
@CALM
def test_kinds_of_values_come_back(file: Path, project: Project) -> None:
    """Equality does not tell 1 from True."""
    opened = there_and_back(file, project, {})
    for node_id, node in project.network.nodes.items():
        for name, value in node.parameters.items():
            assert type(opened.project.network.nodes[node_id].parameters[name]) is type(value)


def test_whole_and_real_positions_are_one(file: Path) -> None:
    for x in (1, 1.0):
        write(file, Project(Network({"a": Node("a", "ReLU", "a", x=x)})), {})
        assert b"1.0," in container.read(file, ["project.json"]).members["project.json"]


def test_without_weights_there_is_no_such_member(file: Path) -> None:
    write(file, Project(), {})
    assert b"weights.safetensors" not in file.read_bytes()


def test_scalars_keep_no_axis(file: Path) -> None:
    """BatchNorm counts its batches in one."""
    numbers = {"a.num_batches_tracked": np.array(7, np.int64)}
    assert there_and_back(file, Project(ONE_NODE), numbers).weights["a.num_batches_tracked"].shape == ()


def test_other_orders_and_strides(file: Path) -> None:
    table = np.arange(12, dtype=np.float32).reshape(3, 4)
    numbers = {"a.1": table.T, "a.2": table[::2, ::-1], "a.3": np.asfortranarray(table)}
    opened = there_and_back(file, Project(ONE_NODE), numbers)
    assert all(np.array_equal(opened.weights[name], array) for name, array in numbers.items())


def test_numbers_that_are_none_are_weights_too(file: Path) -> None:
    """A training that went wrong can be saved; each NaN keeps its bits."""
    bits = np.array([0x7FC00001, 0xFF800000, 0x80000000, 1], np.uint32).view(np.float32)
    opened = there_and_back(file, Project(ONE_NODE), {"a.weight": bits})
    assert opened.weights["a.weight"].view(np.uint32).tolist() == bits.view(np.uint32).tolist()


@given(data=st.data())
@CALM
def test_the_library_reads_the_same_weights(data: st.DataObject) -> None:
    numbers = data.draw(weights(Network({"a": Node("a", "x", "a"), "b": Node("b", "x", "b")})))
    encoded = weights_file.encode(numbers)
    assert same_bits(safetensors.numpy.load(encoded), weights_file.decode(encoded))


def test_numbers_at_any_place_in_the_file() -> None:
    """A header of odd length leaves them unaligned; they are copied then."""
    encoded = weights_file.encode({"a": np.array([1.5, 2.5])})
    length = int.from_bytes(encoded[:8], "little")
    odd = (length + 1).to_bytes(8, "little") + encoded[8 : 8 + length] + b" " + encoded[8 + length :]
    array = weights_file.decode(odd)["a"]
    assert array.tolist() == [1.5, 2.5] and array.flags.aligned and not array.flags.writeable


@pytest.mark.parametrize("name", example_names())
def test_the_examples_open_without_repairs(name: str) -> None:
    assert read(find(name)).repairs == ()


def test_a_text_that_shrinks_a_thousandfold_can_be_opened_again(file: Path) -> None:
    nodes = {f"n{n}": Node(f"n{n}", "ReLU", "a" * 20_000) for n in range(200)}
    project = Project(Network(nodes))
    assert there_and_back(file, project, {}).project == project


@pytest.mark.parametrize(
    ("project", "numbers", "place"),
    [
        (
            Project(Network({"a": Node("a", "ReLU", "x" * 20_001)})),
            {},
            "project.json/network/nodes/0/name",
        ),
        (Project(Network({"a": Node("a", "ReLU", "\ud800")})), {}, "project.json"),
        (Project(Network({"a": Node("a", "ReLU", "a\0")})), {}, "project.json/network/nodes/0/name"),
        (Project(Network({"a": Node("a", "ReLU", "a", {"x": float("nan")})})), {}, "project.json"),
        (Project(Network({"a": Node("a", "ReLU", "a", {"x": 2**60})})), {}, "project.json"),
        (Project(Network({"a": Node("a", "ReLU", "a", x=float("inf"))})), {}, "project.json"),
        (Project(extra={"new": b"bytes"}), {}, "project.json"),
        (Project(ONE_NODE), {"a.weight": np.zeros(2, np.complex64)}, "weights.safetensors, a.weight"),
        (Project(ONE_NODE), {"a.weight": np.array([object()])}, "weights.safetensors, a.weight"),
        (Project(ONE_NODE), {"a.\ud800": np.zeros(2)}, "weights.safetensors"),
        (Project(ONE_NODE), {"a.weight": np.zeros((1,) * 9)}, "weights.safetensors, a.weight"),
    ],
)
def test_what_could_not_be_opened_is_not_written(
    tmp_path: Path, project: Project, numbers: Weights, place: str
) -> None:
    path = tmp_path / "a.backlit"
    write(path, Project(), {})
    before = path.read_bytes()
    with pytest.raises(FileProblem) as caught:
        write(path, project, numbers)
    problem = caught.value
    assert (problem.code, problem.file) == ("cannot_store", path) and problem.place.startswith(place)
    assert "untouched" in str(problem)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
