"""One thing out of many, found by typing: layers, nodes to link to, commands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget
from shiboken6 import isValid

from gui.choosing.rows import Choice, RowPainter, Rows, found, row_height
from gui.guard import guarded
from gui.theme import CORNER, GRID, appearance, color, ui_font
from gui.tiles import TILE

WIDTH = 400
_SEARCH_HEIGHT = 32
_MOST_HEIGHT = 360  #: of the list
_SHADOW = 16
_STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Backtab: -1,
    Qt.Key.Key_PageDown: 7,
    Qt.Key.Key_PageUp: -7,
}


class Chooser(QWidget):
    """A search field over a ranked list, laid over the window it is opened in.

    It covers the whole window: a press beside the list closes it and does nothing else. It is gone
    after `chosen`, which carries the key of a choice, or `left`."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, over: QWidget, choices: Sequence[Choice], title: str, nothing: str) -> None:
        """title: what is looked for, in the empty field. nothing: what to say when no row matches;
        `{text}` stands for what was typed."""
        super().__init__(over.window())
        self._window = over.window()
        self._choices = choices
        self._nothing_text = nothing
        self._at = QPoint()
        self._before: QWidget | None = None
        self._frame = QFrame(self)
        self._frame.setObjectName("chooser")
        self.search = QLineEdit()
        self.search.setPlaceholderText(title)
        self.search.setAccessibleName(title)
        self.search.setClearButtonEnabled(True)
        self.search.setFixedHeight(_SEARCH_HEIGHT)
        self.search.installEventFilter(self)
        self.rows = Rows()
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(RowPainter(self.list))
        self.list.setAccessibleName(title)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.nothing, self.effect = QLabel(), QLabel()
        for label in (self.nothing, self.effect):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            label.setMargin(GRID)
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.list.clicked.connect(self._click)
        self.list.selectionModel().currentChanged.connect(self._tell)
        appearance.changed.connect(self._follow_theme)
        self._follow_theme()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self._frame)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID // 2)
        for widget in (self.search, self.list, self.nothing, self.effect):
            layout.addWidget(widget)

    # Opening and closing

    def open_at(self, point: QPoint) -> None:
        """The upper left corner goes to a point of the window, or as near as there is room."""
        for other in self._window.findChildren(Chooser):
            if other is not self:
                other.leave()
        self._at = point
        self._before = QApplication.focusWidget()
        self._window.installEventFilter(self)
        self.setGeometry(self._window.rect())
        self._filter("")
        self.show()
        self.raise_()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        QApplication.instance().focusChanged.connect(self._focus_moved)  # type: ignore[union-attr]

    def leave(self) -> None:
        """Close without a choice."""
        if self._close():
            self.left.emit()

    def _close(self) -> bool:
        """False when it is closed already."""
        if self.isHidden():
            return False
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self._window)
        self._window.removeEventFilter(self)
        self.hide()
        if had_focus and self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.deleteLater()
        return True

    def choose(self) -> None:
        """Take the current row, if it can be taken."""
        choice = self.current
        if choice is not None and not choice.reason and self._close():
            self.chosen.emit(choice.key)

    @property
    def current(self) -> Choice | None:
        return self.rows.choice(self.list.currentIndex().row())

    # What is shown

    @Slot(str)
    def _filter(self, text: str) -> None:
        self.rows.show_rows(found(self._choices, text))
        self.list.scrollToTop()
        some = self.rows.rowCount() > 0
        self.list.setVisible(some)
        self.nothing.setVisible(not some)
        self.nothing.setText(self._nothing_text.format(text=text.strip()))
        rows = range(self.rows.rowCount())
        possible = (row for row in rows if (choice := self.rows.choice(row)) and not choice.reason)
        first = next(possible, next((row for row in rows if self.rows.choice(row)), -1))
        self.list.setCurrentIndex(self.rows.index(first, 0))
        self._tell()

    def _step(self, by: int) -> None:
        """To another row, over titles; one step beyond either end comes in at the other."""
        rows = [row for row in range(self.rows.rowCount()) if self.rows.choice(row)]
        if not rows:
            return
        row = self.list.currentIndex().row()
        at = rows.index(row) + by if row in rows else 0
        if abs(by) == 1:
            at %= len(rows)
        at = max(0, min(len(rows) - 1, at))
        if at == 0:
            self.list.scrollToTop()  # the title above it as well
        self.list.setCurrentIndex(self.rows.index(rows[at], 0))

    @Slot()
    def _tell(self) -> None:
        """Say what the current row will do, or why it cannot, where the row has no room for that."""
        choice = self.current
        text = "" if choice is None else choice.effect
        if choice is not None and choice.reason:
            room = WIDTH - 6 * GRID - TILE
            long = self.effect.fontMetrics().horizontalAdvance(choice.reason) > room
            text = choice.reason if long else ""
        # The list never has the focus: a screen reader reads the current row as part of the field.
        row = self.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
        self.search.setAccessibleDescription(row or "")
        self.effect.setVisible(bool(text))
        self.effect.setText(text)
        self._place()

    def _place(self) -> None:
        """As high as its rows need, and inside the window."""
        room = self.rect().adjusted(GRID, GRID, -GRID, -GRID)
        width = min(WIDTH, room.width())
        inside = width - 2 * GRID
        height = 2 * GRID + _SEARCH_HEIGHT
        for label in (self.nothing, self.effect):
            if not label.isHidden():
                label.setFixedHeight(label.heightForWidth(inside))
                height += label.height() + GRID // 2
        if not self.list.isHidden():
            rows = (self.rows.index(row, 0) for row in range(self.rows.rowCount()))
            needed = sum(row_height(index.data(Qt.ItemDataRole.UserRole)) for index in rows)
            most = min(_MOST_HEIGHT, room.height() - height - GRID // 2)
            self.list.setFixedHeight(max(0, min(needed, most)))
            height += self.list.height() + GRID // 2
        x = max(room.left(), min(self._at.x(), room.right() + 1 - width))
        y = max(room.top(), min(self._at.y(), room.bottom() + 1 - height))
        self._frame.setGeometry(QRect(x, y, width, height))
        self.update()

    @Slot()
    def _follow_theme(self) -> None:
        self.search.setFont(ui_font(13))
        self.nothing.setFont(ui_font(13))
        self.effect.setFont(ui_font(12))
        self.list.viewport().update()

    # Qt

    @Slot(QModelIndex)
    def _click(self, index: QModelIndex) -> None:
        self.list.setCurrentIndex(index)
        self.choose()

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        """Whoever works elsewhere in the window has left. Another program may come in between."""
        if now is not None and not self.isAncestorOf(now) and now.window() is self.window():
            self.leave()

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
            self._place()
        if watched is not self.search or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        return event.type() == QEvent.Type.KeyPress and self._key(Qt.Key(event.key()))

    def _key(self, key: Qt.Key) -> bool:
        """Whether the list takes the key from the search field."""
        if key in _STEPS:
            self._step(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose()
        elif key == Qt.Key.Key_Escape:
            self.leave()
        else:
            return False
        return True

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._frame.geometry().contains(event.position().toPoint()):
            self.leave()
        event.accept()

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        """A soft shadow around the list."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        shade = min((color("text"), color("canvas")), key=QColor.lightnessF)
        shade.setAlphaF(0.012)
        painter.setBrush(shade)
        area = self._frame.geometry().translated(0, 4)
        for width in range(1, _SHADOW):
            grown = area.adjusted(-width, -width, width, width)
            painter.drawRoundedRect(grown, CORNER + width, CORNER + width)
