"""The library of blocks: dragged from, appended from, saved to, and deleted from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.project import library
from engine.project.project import Project
from gui.canvas import CanvasView
from gui.canvas.gestures.drop_block import block_mime_data
from gui.editor import Editor
from gui.library import Library
from gui.window import MainWindow
from tests.gui.drive import LEFT, NONE, at, drop_layer
from tests.gui.networks import chain


@pytest.fixture
def shelf(editor: Editor, qtbot: QtBot) -> Library:
    shelf = Library(editor)
    qtbot.addWidget(shelf)
    shelf.resize(240, 400)
    shelf.show()
    qtbot.waitExposed(shelf)
    return shelf


def row(shelf: Library, name: str) -> int:
    names = [shelf.list.item(at).text() for at in range(shelf.list.count())]
    return names.index(name)


def carry(view: CanvasView, path: Path, place: QPoint) -> bool:
    """Drag a block's file onto the canvas; whether it was taken."""
    what = (Qt.DropAction.CopyAction, block_mime_data(path), LEFT, NONE)
    enter = QDragEnterEvent(place, *what)
    QApplication.sendEvent(view.viewport(), enter)
    if enter.isAccepted():
        QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(place), *what))
    return enter.isAccepted()


def test_a_bundled_block_is_dropped_where_the_mouse_is(view: CanvasView, editor: Editor) -> None:
    path = next(entry.path for entry in library.entries() if entry.name == "GPT block")
    assert carry(view, path, at(view, 400, 96))
    block = editor.selected
    assert block is not None and editor.network.nodes[block].kind == "Block"
    assert view.scene().card_rect(block).contains(400, 96)
    kinds = [editor.network.nodes[key].kind for key in editor.network.inside(block)]
    assert "MultiheadAttention" in kinds and "BlockInput" in kinds
    assert editor.undo_stack.count() == 1


def test_another_file_is_not_read(view: CanvasView, editor: Editor, tmp_path: Path) -> None:
    stranger = tmp_path / "x.backlit-block"
    stranger.write_bytes(library.entries()[0].path.read_bytes())
    assert not carry(view, stranger, at(view, 400, 96))


def test_enter_appends_and_links(view: CanvasView, editor: Editor, shelf: Library) -> None:
    editor.select(frozenset({"conv2d-1"}))
    shelf.list.setCurrentRow(row(shelf, "Conv BN ReLU"))
    QTest.keyClick(shelf.list, Qt.Key.Key_Return)
    block = editor.selected
    assert block is not None and editor.network.nodes[block].kind == "Block"
    assert [link.source for link in editor.network.incoming[block]] == ["conv2d-1"]
    editor.undo_stack.undo()
    assert block not in editor.network.nodes


def test_saved_used_again_and_deleted(window: MainWindow, qtbot: QtBot) -> None:
    editor, shelf = window.editor, window.tools.library
    editor.open(Project(network=chain("Input", "Conv2d", "ReLU")), {})
    window.docks["library"].raise_()
    qtbot.waitUntil(shelf.isVisible)
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    window.commands["group"].trigger()
    assert window.commands["save_block"].isEnabled()
    window.commands["save_block"].trigger()
    mine = [entry for entry in library.entries() if not entry.bundled]
    assert [entry.name for entry in mine] == ["Block 1"]
    at_row = row(shelf, "Block 1")
    count = len(editor.network.nodes)
    shelf.list.setCurrentRow(at_row)
    QTest.keyClick(shelf.list, Qt.Key.Key_Return)
    assert len(editor.network.nodes) == count + 4  # two layers, the way in, the block
    shelf.list.setCurrentRow(at_row)
    QTest.keyClick(shelf.list, Qt.Key.Key_Delete)
    assert not [entry for entry in library.entries() if not entry.bundled]
    assert "Block 1" not in [shelf.list.item(at).text() for at in range(shelf.list.count())]


def test_a_bundled_block_stays(shelf: Library) -> None:
    shelf.list.setCurrentRow(row(shelf, "GPT block"))
    QTest.keyClick(shelf.list, Qt.Key.Key_Delete)
    assert any(entry.name == "GPT block" for entry in library.entries())


def test_a_damaged_block_says_so(
    view: CanvasView, editor: Editor, shelf: Library, qtbot: QtBot
) -> None:
    library.folder().mkdir(parents=True)
    (library.folder() / "broken.backlit-block").write_text("{")
    shelf.refresh()
    item = shelf.list.item(row(shelf, "broken"))
    assert "broken" in item.toolTip()
    shelf.list.setCurrentItem(item)
    with qtbot.waitSignal(shelf.message) as caught:
        QTest.keyClick(shelf.list, Qt.Key.Key_Return)
    assert caught.args[1] == "warning"


def test_a_block_from_the_palette_has_a_way_in_and_out(view: CanvasView, editor: Editor) -> None:
    drop_layer(view, "Block", at(view, 400, 96))
    block = editor.selected
    assert block is not None
    kinds = sorted(editor.network.nodes[key].kind for key in editor.network.inside(block))
    assert kinds == ["BlockInput", "BlockOutput"]
    editor.undo_stack.undo()
    assert block not in editor.network.nodes
