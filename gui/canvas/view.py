"""The window onto the diagram: events of mouse and keyboard, and what is drawn over the scene."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from engine.network.edits import Disconnect, Edit, MoveNodes, RemoveNodes, Together
from engine.network.model import Changes
from engine.network.rewire import RemoveAndHeal
from engine.telemetry.frame import Frame, Watch
from gui.canvas import empty_state, fitting
from gui.canvas.arrange import Arranger
from gui.canvas.geometry import snap
from gui.canvas.gestures.drop import DropGesture, kind_in
from gui.canvas.gestures.drop_block import BlockDropGesture, block_in
from gui.canvas.gestures.duplicate import DuplicateGesture
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.gestures.move import moved_with
from gui.canvas.gestures.pan import PanGesture
from gui.canvas.glide import Glide
from gui.canvas.guides import united
from gui.canvas.hover import Hover
from gui.canvas.items.node_item import READABLE
from gui.canvas.overlays.legend import Legend
from gui.canvas.overlays.lens_switch import LensSwitch
from gui.canvas.overlays.minimap import Minimap
from gui.canvas.overlays.past_sign import PastSign
from gui.canvas.overview import Overview
from gui.canvas.paper import PaperView
from gui.canvas.pointer import Pointer
from gui.canvas.rename import Renamer
from gui.canvas.scene import CanvasScene
from gui.editor import Editor
from gui.guard import guarded
from gui.theme import GRID

if TYPE_CHECKING:
    from gui.canvas.quick_add import QuickAdd

_FIT_MARGIN = 32.0
_ARROWS = {
    Qt.Key.Key_Left: (-GRID, 0),
    Qt.Key.Key_Right: (GRID, 0),
    Qt.Key.Key_Up: (0, -GRID),
    Qt.Key.Key_Down: (0, GRID),
}


class CanvasView(PaperView):
    """Shows a CanvasScene of its own."""

    #: The mark of a problem was clicked on the card of this node.
    badge_clicked = Signal(str)
    #: A menu is asked for at this QPoint of the viewport; at what is selected when it is None.
    menu_wanted = Signal(object)
    #: `want` would answer differently now.
    wish_changed = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._scene = CanvasScene(editor, self)
        self._gesture: Gesture | None = None
        self._hover = Hover(self._scene)
        self._pointer = Pointer(self, self._scene)
        self._space = False
        self._nudges = 0
        self._fitted = False
        self.glide = Glide(self._scene)
        self.arranger = Arranger(self.glide)
        self.minimap = Minimap(self, self._scene)
        self.renamer = Renamer(self, editor)
        self.lens = self._scene.lens
        self.lens_switch = LensSwitch(self, self.lens)
        self.legend = Legend(self, self.lens, self.minimap)
        self.past_sign = PastSign(self, self.lens_switch)
        self.lens.chosen.connect(self.wish_changed)
        self._overview = Overview(self._scene, self._refresh_from_afar)
        self._scene.passed.connect(self._refresh_from_afar)
        self.setScene(self._scene)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Network diagram"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        editor.changed.connect(self._follow)
        editor.replaced.connect(self._show_another)
        editor.level_changed.connect(self._show_another)
        editor.selection_changed.connect(self._end_nudges)

    def scene(self) -> CanvasScene:
        return self._scene

    @cached_property
    def quick_add(self) -> QuickAdd:
        """Made when the window is on screen, with all that is chosen from."""
        from gui.canvas.quick_add import QuickAdd

        return QuickAdd(self)

    # For the governor of live pictures (gui.governor)

    def is_visible(self) -> bool:
        return self.isVisible() and not self.window().isMinimized()

    def want(self, watch: Watch) -> Watch:
        """What the lens shows, and small pictures for the cards that are in sight."""
        nodes = watch.thumbnails | self._scene.thumbnail_nodes()
        return self.lens.want(replace(watch, thumbnails=nodes))

    def show_frame(self, frame: Frame) -> None:
        self._scene.show_frame(frame)

    # Commands

    @Slot()
    def fit(self) -> None:
        """Show the whole network, at 100 % at most."""
        # Cards grow when they show a picture: they are to fit then as well.
        rects = (self._scene.card_rect(item.node.id) for item in self._scene.node_items())
        self._show_area(united(rects))
        self._fitted = True

    @Slot()
    def zoom_to_selection(self) -> None:
        """Show all that is selected, at 100 % at most; everything when nothing is."""
        shown = [key for key in self._editor.selection if self._scene.shows(key)]
        if shown:
            self._show_area(united(self._scene.card_rect(key) for key in shown))
        else:
            self.fit()

    def _show_area(self, area: QRectF) -> None:
        area.adjust(-_FIT_MARGIN, -_FIT_MARGIN, _FIT_MARGIN, _FIT_MARGIN)
        corners = (self.lens_switch.rect, self.legend.rect, self.past_sign.rect)
        scale, center = fitting.fit(area, self.viewport().rect(), corners)
        self.zoom_to(scale)
        away = QPointF(self.viewport().rect().center()) - center
        self.centerOn(area.center() + away / self.zoom)
        self._fitted = True

    def center_on(self, node_id: str) -> None:
        """Bring a node into the middle; nothing happens when it is gone."""
        self._scene.reveal(node_id)
        if self._scene.shows(node_id):
            self.centerOn(self._scene.card_rect(node_id).center())

    @Slot()
    def select_all(self) -> None:
        """Everything in sight; what lies in a selected block goes with it."""
        shown = (item.node for item in self._scene.node_items())
        self._editor.select(frozenset(node.id for node in shown if node.block == self._editor.level))

    @Slot()
    def delete_selection(self) -> None:
        """Delete the selected nodes and links as one undo step; what fed a node feeds what it fed."""
        self._delete(RemoveAndHeal(self._editor.selection))

    @Slot()
    def delete_without_healing(self) -> None:
        self._delete(RemoveNodes(self._editor.selection))

    def _delete(self, remove: Edit) -> None:
        links = self._scene.selected_links
        if links or self._editor.selection:
            self._editor.edit(Together((Disconnect(links), remove)), self.tr("Delete"))

    def _nudge(self, dx: int, dy: int) -> None:
        nodes = self._editor.network.nodes
        moving = moved_with(self._scene, self._editor.selection)
        to = {key: snap(nodes[key].x + dx, nodes[key].y + dy) for key in moving}
        self._editor.edit(MoveNodes(to), self.tr("Move"), merge=f"nudge:{self._nudges}")

    @Slot()
    def _end_nudges(self) -> None:
        """The next arrow key begins another undo step."""
        self._nudges += 1

    # Gestures

    def _begin(self, event: QMouseEvent) -> None:
        self.glide.end()
        self._hover.leave()
        self._gesture = self._pointer.press(event, panning=self._space)
        if isinstance(self._gesture, PanGesture):
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif isinstance(self._gesture, DuplicateGesture):
            self.viewport().setCursor(Qt.CursorShape.DragCopyCursor)

    def _end(self, point: QPointF | None) -> None:
        """Finish the gesture at `point`, or cancel it."""
        # Over before its edit arrives: the edit must not cancel it.
        gesture, self._gesture = self._gesture, None
        self._show_cursor()
        if gesture is not None:
            gesture.cancel() if point is None else gesture.finish(point)

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    # Following the editor

    @Slot(object)
    def _follow(self, changes: Changes) -> None:
        """The network changed: a gesture that began before it no longer fits."""
        self._end(None)
        self._refresh_from_afar()
        if len(changes.added) == 1 and self._scene.shows(changes.added[0]):
            self.ensureVisible(self._scene.node_item(changes.added[0]))
        # The empty state came or went.
        if len(self._editor.network.nodes) <= len(changes.added):
            self.viewport().update()

    @Slot()
    def _show_another(self) -> None:
        self._end(None)
        self._overview.forget()
        self._fitted = False
        if self.isVisible():
            self.fit()
        self.viewport().update()

    # Qt

    @guarded(None)
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            self.fit()

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.zoom < READABLE:
            # Qt keeps its books and walks through no items: it is told that nothing is exposed.
            super().paintEvent(QPaintEvent(QRegion()))
            self._draw_from_afar(event.rect())
        else:
            super().paintEvent(event)
        if not self._editor.network.nodes:
            painter = QPainter(self.viewport())
            empty_state.draw(painter, self.viewport().rect())
            painter.end()
        self.minimap.draw()
        self.lens_switch.draw()
        self.legend.draw()
        self.past_sign.draw()

    def _draw_from_afar(self, exposed: QRect) -> None:
        painter = QPainter(self.viewport())
        painter.setTransform(self.viewportTransform())
        area = self.mapToScene(exposed.adjusted(-1, -1, 1, 1)).boundingRect()
        self.drawBackground(painter, area)
        self._overview.draw(painter, area, self.zoom)
        painter.end()

    @Slot()
    def _refresh_from_afar(self) -> None:
        if self.zoom < READABLE:
            self.viewport().update()

    @guarded(None)
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.minimap.scrolled(dx, dy)
        self.lens_switch.scrolled(dx, dy)
        self.legend.scrolled(dx, dy)
        self.past_sign.scrolled(dx, dy)
        if not self._editor.network.nodes:
            self.viewport().update()  # the words stay while the dots move

    @guarded(False)
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover.leave()
        return super().viewportEvent(event)

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._end_nudges()
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._end(None)
            self._begin(event)
            event.accept()

    @guarded(None)
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A name is edited, a block stepped into, on empty canvas a layer added; elsewhere the second
        click is one like the first."""
        point = self.mapToScene(event.position().toPoint())
        left = event.button() == Qt.MouseButton.LeftButton and not self._space
        if left and (self.renamer.starts_at(point) or self._pointer.step_into(point)):
            self._end(None)
        elif left and self._pointer.target(point) is None:
            self.quick_add.open_at(point)
        else:
            self.mousePressEvent(event)

    @guarded(None)
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What the mouse is on is selected first, as with the left button."""
        self._end(None)
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        if by_mouse:
            self._pointer.select_at(self.mapToScene(event.pos()))
        self.menu_wanted.emit(event.pos() if by_mouse else None)
        event.accept()

    @guarded(None)
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self.mapToScene(event.position().toPoint())
        if self._gesture is not None:
            self._gesture.move(point)
            self._refresh_from_afar()
        elif not self._space:
            self._hover.over(self._pointer.target(point))

    @guarded(None)
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            self._end(self.mapToScene(event.position().toPoint()))

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self._show_cursor()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):  # not Ctrl+D, as some desktops mean it
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.delete_without_healing() if shift else self.delete_selection()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif key in _ARROWS and self._editor.selection and self._gesture is None:
            self._nudge(*_ARROWS[key])
        else:
            super().keyPressEvent(event)

    def _escape(self) -> None:
        if self._gesture is not None:
            self._end(None)
        else:
            self._scene.select_links(frozenset())
            self._editor.select(frozenset())

    @guarded(None)
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    @guarded(None)
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        self._show_cursor()
        super().focusOutEvent(event)

    # Layers from the palette, blocks from the library

    @guarded(None)
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        gesture = self._carried(event.mimeData())
        if gesture is None:
            event.ignore()
            return
        self._end(None)
        self._gesture = gesture
        self._gesture.move(self.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()

    def _carried(self, data: QMimeData) -> DropGesture | BlockDropGesture | None:
        """What to do with what is dragged over the canvas; None when it is nothing of ours."""
        kind = kind_in(data)
        if kind is not None:
            return DropGesture(self.glide, kind)
        block = block_in(data)
        return None if block is None else BlockDropGesture(self._scene, block)

    @guarded(None)
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self._gesture, DropGesture | BlockDropGesture):
            self._gesture.move(self.mapToScene(event.position().toPoint()))
            self._refresh_from_afar()
            event.acceptProposedAction()
        else:
            event.ignore()

    @guarded(None)
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end(None)

    @guarded(None)
    def dropEvent(self, event: QDropEvent) -> None:
        if isinstance(self._gesture, DropGesture | BlockDropGesture):
            self._end(self.mapToScene(event.position().toPoint()))
            event.acceptProposedAction()
            self.setFocus()
