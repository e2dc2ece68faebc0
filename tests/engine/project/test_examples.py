"""The examples: those to train have no problem, those to look at are exactly what they are named."""

from __future__ import annotations

import time

import pytest

from engine.build.diagnosis import Diagnosis
from engine.build.shapes import ShapeInference
from engine.messages import sentence
from engine.network.expand import copies, expand
from engine.network.model import Network
from engine.project.examples import STRUCTURES, example_names, find
from engine.project.project_file import read
from engine.training.fault import TrainingError
from engine.training.trainer import Trainer
from tests.engine.network.graphs import check_whole


def example(name: str) -> Network:
    return read(find(name)).project.network


def test_there_are_examples_of_both_sorts() -> None:
    assert set(STRUCTURES) < set(example_names())


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_whole(name: str) -> None:
    opened = read(find(name))
    assert opened.repairs == ()
    check_whole(opened.project.network)
    nodes = opened.project.network.nodes.values()
    assert not any(node.open for node in nodes)
    assert all(node.x % 8 == 0 and node.y % 8 == 0 for node in nodes)
    places = [(node.block, node.x, node.y) for node in nodes]
    assert len(set(places)) == len(places)
    report = Diagnosis().of(opened.project, {})
    assert bool(report.problems) == (name in STRUCTURES)


@pytest.mark.parametrize(
    ("name", "parameters", "output"),
    [("resnet-18", 11_689_512, (1000,)), ("gpt2-small", 124_439_808, (1024, 768))],
)
def test_a_structure_has_the_parameters_of_the_paper(
    name: str, parameters: int, output: tuple[int, ...]
) -> None:
    flat = expand(example(name))
    assert flat.problems == ()
    report = ShapeInference().report(flat.network)
    assert report.problems == ()
    assert report.parameters == parameters
    assert report.nodes[flat.network.order[-1]].output == output


def test_every_stage_of_resnet_has_the_shape_of_the_paper() -> None:
    opened = read(find("resnet-18"))
    report = Diagnosis().of(opened.project, {})
    stages = {
        node.name: report.nodes[node.id].output
        for node in opened.project.network.nodes.values()
        if node.kind == "Block" and not node.block
    }
    assert stages == {
        "Stage 1": (64, 56, 56),
        "Stage 2": (128, 28, 28),
        "Stage 3": (256, 14, 14),
        "Stage 4": (512, 7, 7),
    }
    flat = expand(opened.project.network).network
    assert sum(node.kind == "Conv2d" for node in flat.nodes.values()) == 20
    assert sum(node.kind == "Add" for node in flat.nodes.values()) == 8
    # torchvision's count of multiply-adds is 1.814e9; normalization and the rest come on top.
    total = sum(report.nodes[key].flops or 0 for key in flat.nodes)
    assert 2 * 1.814e9 < total < 2 * 1.87e9


def test_gpt2_is_one_block_twelve_times() -> None:
    network = example("gpt2-small")
    attention = next(node for node in network.nodes.values() if node.kind == "MultiheadAttention")
    assert copies(network, attention.id) == 12
    assert attention.parameters["is_causal"] is True and attention.parameters["num_heads"] == 12
    notes = [str(n.parameters["text"]) for n in network.nodes.values() if n.kind == "Comment"]
    assert any("shares" in note for note in notes)


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_says_at_once_that_no_data_fits_it(name: str) -> None:
    """One plain sentence at its Input, before anything large is made."""
    project = read(find(name)).project
    diagnosis = Diagnosis()
    diagnosis.of(project, {})  # the first brings up torch's meta device
    started = time.process_time()
    report = diagnosis.of(project, {})
    assert [problem.node for problem in report.blocking] == ["input-1"]
    assert "MNIST digits" in sentence(report.blocking[0])
    with pytest.raises(TrainingError) as caught:
        Trainer(project, {})
    assert caught.value.problem == report.blocking[0]
    assert time.process_time() - started < 3
