"""Any sequence of edits, undo and redo: the canvas never differs from the network, undo to the start
gives the identical project, and redo gives the end again."""

from __future__ import annotations

from itertools import pairwise

import pytest
import shiboken6
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from pytestqt.qtbot import QtBot

from engine.network.model import Network
from engine.project.project import Project
from gui.canvas.scene import CanvasScene
from gui.editor import Editor
from tests.engine.network.any_edit import any_edit
from tests.engine.network.graphs import check_whole, dags


def in_sight(editor: Editor) -> set[str]:
    """The nodes on the level, and in turn those in the opened blocks among them."""
    network, found = editor.network, set()
    queue = [key for key, node in network.nodes.items() if node.block == editor.level]
    for node_id in queue:  # grows while it is walked
        found.add(node_id)
        if network.nodes[node_id].kind == "Block" and network.nodes[node_id].open:
            queue += [key for key, node in network.nodes.items() if node.block == node_id]
    return found


def check_picture(scene: CanvasScene) -> None:
    """The scene shows what is in sight as it is now, nothing else, and as a new scene would show it."""
    editor = scene.editor
    seen = in_sight(editor)
    assert {item.node.id for item in scene.node_items()} == seen
    assert all(scene.shows(key) == (key in seen) for key in editor.network.nodes)
    links = {link for link in editor.network.links if seen.issuperset(link.touches)}
    assert set(scene.links()) == links
    fresh = CanvasScene(editor)
    for node_id in seen:
        item, other = scene.node_item(node_id), fresh.node_item(node_id)
        assert type(item) is type(other)
        assert item.node == editor.network.nodes[node_id]
        assert item.ports == other.ports
        assert (item.x(), item.y()) == pytest.approx((other.x(), other.y()), abs=1e-6)
        rect, right = scene.card_rect(node_id), fresh.card_rect(node_id)
        assert rect.getRect() == pytest.approx(right.getRect(), abs=1e-6)
    for link in links:
        line = scene.link_item(link)
        assert line.link == link and line.scene() is scene
    shiboken6.delete(fresh)  # now: it would follow the editor on


class CanvasMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.editor = Editor()
        self.scene = CanvasScene(self.editor)
        self.values: list[Project] = []

    @initialize(network=dags(5))
    def open(self, network: Network) -> None:
        self.editor.open(Project(network), {})
        self.values = [self.editor.project]

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        before = self.editor.network
        at = self.editor.undo_stack.index()
        self.editor.edit(any_edit(data.draw, before), "An edit")
        if self.editor.network is not before:
            self.values[at + 1 :] = [self.editor.project]
        assert self.editor.undo_stack.index() == len(self.values) - 1 or self.editor.network is before

    @rule(data=st.data())
    def select(self, data: st.DataObject) -> None:
        ids = st.frozensets(
            st.sampled_from(sorted(self.editor.network.nodes) or ["nobody"]), max_size=3
        )
        self.editor.select(data.draw(ids))
        self.scene.select_links(frozenset(self.editor.network.links[:2]))

    @rule(data=st.data())
    def step_inside(self, data: st.DataObject) -> None:
        """Into any block, or with a node that is none nowhere."""
        self.editor.enter(data.draw(st.sampled_from(["", *sorted(self.editor.network.nodes)])))

    @rule()
    def step_outside(self) -> None:
        self.editor.leave()

    @rule()
    @precondition(lambda self: self.editor.undo_stack.canUndo())
    def undo(self) -> None:
        self.editor.undo_stack.undo()

    @rule()
    @precondition(lambda self: self.editor.undo_stack.canRedo())
    def redo(self) -> None:
        self.editor.undo_stack.redo()

    @rule()
    def there_and_back(self) -> None:
        """Undo to the start and redo to the end, each value the one that it was."""
        stack = self.editor.undo_stack
        stack.setIndex(0)
        assert self.editor.project is self.values[0]
        check_picture(self.scene)
        stack.setIndex(stack.count())
        assert self.editor.project is self.values[-1]

    @invariant()
    def the_picture_is_right(self) -> None:
        network = self.editor.network
        assert self.editor.project == self.values[self.editor.undo_stack.index()]
        assert self.editor.selection <= network.nodes.keys()
        assert self.editor.level in ("", *(k for k, n in network.nodes.items() if n.kind == "Block"))
        assert self.scene.selected_links <= set(network.links)
        check_whole(network)
        check_picture(self.scene)

    def teardown(self) -> None:
        assert all(before != after for before, after in pairwise(self.values))
        self.scene.deleteLater()
        self.editor.deleteLater()


def test_any_edits_undone_and_redone(qtbot: QtBot) -> None:
    calm = settings(
        max_examples=30,
        stateful_step_count=25,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],  # to shrink takes minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
    run(CanvasMachine, settings=calm)
