"""What the inspector says a node and the network cost."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.build.budget import with_costs
from engine.build.diagnosis import Diagnosis
from engine.network.block_edits import GroupNodes
from engine.network.edits import SetParameter
from engine.project.project import Project
from gui.editor import Editor
from gui.inspector.costs import CostTable, NetworkCosts, NodeCosts
from gui.inspector.inspector import Inspector
from gui.inspector.network_form import NetworkForm
from gui.inspector.node_form import NodeForm
from tests.networks import add, chain, seed_cnn


@pytest.fixture
def editor() -> Editor:
    return opened(Project(seed_cnn()))


def opened(project: Project) -> Editor:
    editor = Editor()
    editor.open(project, {})
    infer(editor)
    return editor


def infer(editor: Editor) -> None:
    project = editor.project
    editor.take_shapes(with_costs(project.network, Diagnosis().of(project, {})))


def said(table: CostTable, *names: str) -> list[str]:
    return [table.text(name) for name in names]


def test_a_node_says_where_its_number_comes_from(editor: Editor, qtbot: QtBot) -> None:
    inspector = Inspector(editor)
    qtbot.addWidget(inspector)
    editor.select(frozenset({"conv2d-2"}))
    assert isinstance(inspector.form, NodeForm)
    table = inspector.form.costs
    assert table.numbers.text() == "64 × 32 × 3 × 3 + 64 =\u00a018,496"
    assert table.words.text() == ("out_channels × in_channels × kernel height × kernel width + bias")
    assert said(table, "parameters", "flops") == ["18,496", "4.5 MFLOP"]
    assert said(table, "one", "batch") == ["30.2 KiB", "968.0 KiB"]
    editor.set_recipe("Set batch_size", batch_size=1)
    assert said(table, "one", "batch") == ["30.2 KiB", "30.2 KiB"]


def test_costs_follow_edits_and_undo(editor: Editor, qtbot: QtBot) -> None:
    table = NodeCosts(editor, "conv2d-2")
    qtbot.addWidget(table)
    editor.edit(SetParameter("conv2d-2", "bias", False), "Set bias")
    infer(editor)
    assert table.numbers.text() == "64 × 32 × 3 × 3 =\u00a018,432"
    editor.undo_stack.undo()
    infer(editor)
    assert table.text("parameters") == "18,496"


def test_a_layer_that_learns_nothing_has_no_formula(editor: Editor, qtbot: QtBot) -> None:
    table = NodeCosts(editor, "relu-1")
    qtbot.addWidget(table)
    assert table.text("parameters") == "0"
    assert table.numbers.isHidden() and table.words.isHidden() and table.copies.isHidden()


def test_a_block_says_its_sums_and_a_node_in_it_all_its_copies(qtbot: QtBot) -> None:
    network = chain(
        ("Input", {"shape": (6,)}), ("Linear", {"out_features": 6}), ("ReLU", {}), ("Linear", {})
    )
    network = GroupNodes(frozenset({"linear-1", "relu-1"}), "Layer").apply(network)
    block = next(node.id for node in network.nodes.values() if node.kind == "Block")
    editor = opened(Project(SetParameter(block, "repeat", 3).apply(network)))
    whole, one = NodeCosts(editor, block), NodeCosts(editor, "linear-1")
    qtbot.addWidget(whole)
    qtbot.addWidget(one)
    assert one.numbers.text() == "3 × (6 × 6 + 6) =\u00a0126"
    assert one.copies.text() == "all 3 copies together"
    assert whole.text("parameters") == "126" and whole.numbers.isHidden()
    assert whole.copies.text() == "the sum over 6 layers"
    assert whole.text("flops") == "234 FLOP"  # 3 × (2 × 6 × 6 + 6)


def test_the_whole_network_at_the_batch_size_of_the_recipe(editor: Editor, qtbot: QtBot) -> None:
    inspector = Inspector(editor)
    qtbot.addWidget(inspector)
    assert isinstance(inspector.form, NetworkForm)
    table = inspector.form.costs
    assert said(table, "layers", "parameters", "flops") == ["14", "93,322", "5.6 MFLOP"]
    assert said(table, "weights", "gradients", "optimizer") == ["364.5 KiB", "364.5 KiB", "729.1 KiB"]
    assert said(table, "activations", "all") == ["8.3 MiB", "9.7 MiB"]
    assert table.note.isHidden()
    editor.set_recipe("Set optimizer", optimizer="SGD")
    assert table.text("optimizer") == "0 B"
    editor.set_recipe("Set batch_size", batch_size=64)
    assert table.text("activations") == "16.6 MiB"


def test_what_is_not_known_makes_it_at_least_so_much(qtbot: QtBot) -> None:
    network, loose = add(seed_cnn(), "Linear")
    editor = opened(Project(network))
    table, node = NetworkCosts(editor), NodeCosts(editor, loose)
    qtbot.addWidget(table)
    qtbot.addWidget(node)
    assert said(table, "parameters", "all") == ["≥ 93,322", "≥ 9.7 MiB"]
    assert table.note.text() == "≥: at least. Nodes of unknown cost: 1"
    assert said(node, "parameters", "flops", "one", "batch") == ["–", "–", "–", "–"]
