"""What differs between two runs, in rows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from engine.network.edits import (
    AddNode,
    Connect,
    Disconnect,
    MoveNodes,
    RemoveNodes,
    SetParameter,
    Together,
)
from engine.network.layers import new_node
from engine.network.model import Link
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, LossChoice, OptimizerChoice, Recipe
from engine.runs.compare import (
    Difference,
    compare_networks,
    compare_projects,
    compare_recipes,
    compare_results,
)
from engine.runs.run import Result, Run
from tests.engine.project.projects import projects
from tests.networks import mlp


def test_plain_values() -> None:
    before, after = Recipe(), Recipe(learning_rate=0.01, shuffle=False, frozen=("a",))
    assert compare_recipes(before, after) == (
        Difference("learning_rate", 0.001, 0.01),
        Difference("shuffle", True, False),
        Difference("frozen", (), ("a",)),
    )
    assert compare_recipes(before, before) == ()


def test_a_default_that_is_written_down_is_the_same() -> None:
    given = OptimizerChoice(kind="Adam", parameters={"eps": 1e-8})
    assert compare_recipes(Recipe(), Recipe(optimizer=given)) == ()


def test_another_optimizer_and_another_parameter() -> None:
    one = Recipe(optimizer=OptimizerChoice(kind="Adam", parameters={"weight_decay": 0.1}))
    other = Recipe(optimizer=OptimizerChoice(kind="SGD", parameters={"momentum": 0.9}))
    rows = {row.path: (row.before, row.after) for row in compare_recipes(one, other)}
    assert rows["optimizer"] == ("Adam", "SGD")
    assert rows["optimizer.momentum"] == (None, 0.9)
    assert rows["optimizer.weight_decay"] == (0.1, 0.0)
    assert rows["optimizer.betas"] == ((0.9, 0.999), None)
    [row] = compare_recipes(Recipe(), one)
    assert row == Difference("optimizer.weight_decay", 0.0, 0.1)


def test_losses_metrics_and_data() -> None:
    one = Project(recipe=Recipe(output_losses={"a": LossChoice(weight=2.0)}))
    other = Project(
        recipe=Recipe(metrics=(), output_losses={"a": LossChoice(weight=3.0), "b": LossChoice()}),
        data=DataChoice(source="points", settings={"noise": 0.5}),
    )
    rows = {row.path: (row.before, row.after) for row in compare_projects(one, other)}
    assert rows["output_losses.a.weight"] == (2.0, 3.0)
    assert rows["output_losses.b"] == (None, "cross_entropy")
    assert rows["metrics"] == (("accuracy",), ())
    assert rows["data.source"] == ("mnist-10k", "points")
    assert rows["data.settings.noise"] == (None, 0.5)


@given(projects, projects)
def test_any_two_projects_can_be_compared(one: Project, other: Project) -> None:
    assert compare_projects(one, one) == ()
    there, back = compare_projects(one, other), compare_projects(other, one)
    assert {(row.path, repr(row.before), repr(row.after)) for row in there} == {
        (row.path, repr(row.after), repr(row.before)) for row in back
    }
    assert not compare_networks(one.network, one.network)
    found = compare_networks(one.network, other.network)
    assert {node.id for node in found.added} == other.network.nodes.keys() - one.network.nodes.keys()
    assert {node.id for node in found.removed} == one.network.nodes.keys() - other.network.nodes.keys()


def test_networks() -> None:
    before = mlp()
    relu = new_node(before, "ReLU")
    after = Together(
        (
            SetParameter("linear-1", "out_features", 16),
            AddNode(relu),
            Disconnect(frozenset({Link("tanh-1", "linear-2")})),
            Connect(Link("tanh-1", relu.id)),
            Connect(Link(relu.id, "linear-2")),
        )
    ).apply(before)
    found = compare_networks(before, after)
    assert found and [node.id for node in found.added] == [relu.id] and found.removed == ()
    [changed] = found.changed
    assert changed.node.id == "linear-1"
    assert changed.differences == (Difference("out_features", 8, 16),)
    [rewired] = found.rewired
    assert (rewired.node.id, rewired.port) == ("linear-2", "in")
    assert (rewired.before, rewired.after) == ((("tanh-1", "out"),), ((relu.id, "out"),))


def test_a_removed_node_leaves_its_successor_unfed() -> None:
    before = mlp()
    found = compare_networks(before, RemoveNodes(frozenset({"tanh-1"})).apply(before))
    assert [node.id for node in found.removed] == ["tanh-1"] and found.changed == ()
    [rewired] = found.rewired
    assert rewired.after == ()


def test_places_do_not_count_but_kinds_and_truth_do() -> None:
    before = mlp()
    moved = MoveNodes(dict.fromkeys(before.nodes, (900.0, 0.0))).apply(before)
    assert not compare_networks(before, moved)
    other = before.with_nodes([replace(before.nodes["tanh-1"], kind="ReLU")])
    [changed] = compare_networks(before, other).changed
    assert changed.differences[0] == Difference("kind", "Tanh", "ReLU")
    number = SetParameter("linear-1", "bias", 1).apply(before)
    [changed] = compare_networks(before, number).changed
    assert changed.differences == (Difference("bias", True, 1),)


def test_results_side_by_side() -> None:
    runs = [
        Run(id="a", started=0.0, results={"loss": Result(best=0.5), "accuracy": Result(best=0.8)}),
        Run(id="b", started=0.0, results={"loss": Result(best=0.4), "accuracy": Result(best=0.8)}),
        Run(id="c", started=0.0, results={"loss": Result()}),
    ]
    loss, accuracy = compare_results(runs, rising=["accuracy"])
    assert (loss.measure, loss.best) == ("loss", (1,)) and loss.results[2] == Result()
    assert (accuracy.measure, accuracy.best, accuracy.results[2]) == ("accuracy", (0, 1), None)
    assert compare_results([]) == ()
