"""Hands for the tests: real events, at places named in scene coordinates."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from gui.canvas.gestures.drop import mime_data
from gui.canvas.ports import Port
from gui.canvas.view import CanvasView

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def at(view: CanvasView, x: float, y: float) -> QPoint:
    """Viewport pixel of a scene point."""
    return view.mapFromScene(QPointF(x, y))


def middle(view: CanvasView, node_id: str) -> QPoint:
    """Viewport pixel in the middle of a card."""
    place = view.scene().node_item(node_id).pos()
    return view.mapFromScene(place + QPointF(NODE_WIDTH / 2 + 40, NODE_HEIGHT / 2))


def port(view: CanvasView, node_id: str, output: bool) -> QPoint:
    """Viewport pixel of a node's `in` or `out` dot."""
    dot = Port(node_id, "out" if output else "in", output)
    return view.mapFromScene(view.scene().node_item(node_id).anchor(dot))


def press(view: CanvasView, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(view.viewport(), LEFT, keys, place)


def move(view: CanvasView, place: QPoint) -> None:
    QTest.mouseMove(view.viewport(), place)
    QApplication.processEvents()


def release(view: CanvasView, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseRelease(view.viewport(), LEFT, keys, place)


def click(view: CanvasView, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(view.viewport(), LEFT, keys, place)


def drag(view: CanvasView, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    """Press, go there in four steps, release."""
    press(view, start, keys)
    for step in range(1, 5):
        move(view, start + (end - start) * step / 4)
    release(view, end, keys)


class PaletteDrag:
    """A layer carried over the canvas. QTest cannot simulate a QDrag, so its events are sent."""

    def __init__(self, viewport: QWidget, kind: str) -> None:
        self._viewport = viewport
        self._data: QMimeData = mime_data(kind)

    def enter(self, place: QPoint) -> bool:
        """True when the canvas accepts what is carried."""
        event = QDragEnterEvent(place, *self._what())
        QApplication.sendEvent(self._viewport, event)
        return event.isAccepted()

    def move(self, place: QPoint) -> bool:
        event = QDragMoveEvent(place, *self._what())
        QApplication.sendEvent(self._viewport, event)
        return event.isAccepted()

    def leave(self) -> None:
        QApplication.sendEvent(self._viewport, QDragLeaveEvent())

    def drop(self, place: QPoint) -> bool:
        event = QDropEvent(QPointF(place), *self._what())
        QApplication.sendEvent(self._viewport, event)
        return event.isAccepted()

    def _what(self) -> tuple[Qt.DropAction, QMimeData, Qt.MouseButton, Qt.KeyboardModifier]:
        return (Qt.DropAction.CopyAction, self._data, LEFT, NONE)


def drop_layer(view: CanvasView, kind: str, place: QPoint) -> bool:
    """Drag a layer from the palette to `place`; True when the canvas took it."""
    carried = PaletteDrag(view.viewport(), kind)
    return carried.enter(place) and carried.move(place) and carried.drop(place)
