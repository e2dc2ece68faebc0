"""The rows of a chooser: what they hold, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.choosing.matching import score
from gui.guard import guarded
from gui.theme import CORNER, GRID, color, number_font, ui_font
from gui.tiles import TILE

HEADING_HEIGHT, LOW, HIGH = 28, 28, 44
#: More rows than a person reads; typing finds the others.
MOST_ROWS = 200
_CHOICE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Choice:
    """One thing to choose.

    key: what the chooser answers with.
    about: the second line; detail: at the right end, such as a shortcut.
    group: choices of one group stand below its title until something is typed.
    reason: why it cannot be chosen, "" when it can.
    effect: what choosing it does, as a sentence.
    words: further words by which it is found.
    """

    key: Any
    title: str
    about: str = ""
    detail: str = ""
    icon: QIcon | None = None
    group: str = ""
    reason: str = ""
    effect: str = ""
    words: str = ""


def found(choices: Sequence[Choice], text: str) -> list[Choice | str]:
    """The rows for what is typed: all under the titles of their groups, or the matching ones, the
    best first. What cannot be chosen comes last; else the order of `choices` decides."""
    if text.strip():
        scores = ((score(text, each.title, f"{each.words} {each.about}"), each) for each in choices)
        matching = [(bool(each.reason), points, each) for points, each in scores if points is not None]
        return [each for _, _, each in sorted(matching, key=lambda match: match[:2])]
    rows: list[Choice | str] = []
    group = ""
    for each in choices:
        if each.group != group:
            group = each.group
            rows.append(group)
        rows.append(each)
    return rows


class Rows(QAbstractListModel):
    """A Choice a row, or a title as text."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Choice | str] = []

    def show_rows(self, rows: list[Choice | str]) -> None:
        self.beginResetModel()
        self._rows = rows[:MOST_ROWS]
        if len(rows) > MOST_ROWS:
            more = self.tr("{count} more: type to find them").format(count=len(rows) - MOST_ROWS)
            self._rows.append(more)
        self.endResetModel()

    def choice(self, row: int) -> Choice | None:
        """None for a title, and where there is no such row."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Choice) else None

    @guarded(0)
    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    @guarded(None)
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == _CHOICE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title if isinstance(row, Choice) else row
        if role == Qt.ItemDataRole.AccessibleTextRole and isinstance(row, Choice):
            return ", ".join(filter(None, (row.title, row.detail, row.reason or row.about)))
        return None

    @guarded(Qt.ItemFlag.NoItemFlags)
    def flags(self, index: _Index) -> Qt.ItemFlag:
        """What cannot be chosen can be gone to, so that its reason can be read."""
        if self.choice(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


def row_height(row: Choice | str | None) -> int:
    if not isinstance(row, Choice):
        return HEADING_HEIGHT
    return HIGH if row.about or row.reason else LOW


class RowPainter(QStyledItemDelegate):
    """Icon, title and second line to the left, the detail to the right."""

    @guarded(QSize(0, LOW))
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, row_height(index.data(_CHOICE)))

    @guarded(None)
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row, area = index.data(_CHOICE), option.rect
        if not isinstance(row, Choice):
            painter.setPen(color("muted"))
            text = area.adjusted(GRID, 0, -GRID, -GRID // 2)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            _write(painter, text, str(row), ui_font(12, QFont.Weight.Medium), flags)
            return
        state = option.state
        self._ground(painter, area, state)
        inside = area.adjusted(GRID, 0, -GRID, 0)
        if row.icon is not None:
            top = inside.center().y() - TILE // 2 + 1
            mode = QIcon.Mode.Disabled if row.reason else QIcon.Mode.Normal
            square = QRect(inside.left(), top, TILE, TILE)
            row.icon.paint(painter, square, Qt.AlignmentFlag.AlignCenter, mode)
            inside.setLeft(square.right() + 1 + GRID)
        self._text(painter, inside, row)

    @staticmethod
    def _ground(painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        marked = bool(state & QStyle.StateFlag.State_Selected)
        if marked or state & QStyle.StateFlag.State_MouseOver:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("selection" if marked else "raised"))
            painter.drawRoundedRect(area, CORNER, CORNER)
            painter.restore()

    @staticmethod
    def _text(painter: QPainter, area: QRect, row: Choice) -> None:
        second = row.reason or row.about
        middle = Qt.AlignmentFlag.AlignVCenter
        lines = area.adjusted(0, 4, 0, -4) if second else area
        first = QRect(lines)
        if second:
            first.setHeight(lines.height() // 2)
            below = lines.adjusted(0, lines.height() // 2, 0, 0)
            painter.setPen(color("muted"))
            _write(painter, below, second, ui_font(12), Qt.AlignmentFlag.AlignLeft | middle)
        font = number_font(12)
        painter.setPen(color("muted"))
        _write(painter, first, row.detail, font, Qt.AlignmentFlag.AlignRight | middle)
        if row.detail:
            first.setRight(first.right() - QFontMetrics(font).horizontalAdvance(row.detail) - GRID)
        painter.setPen(color("muted" if row.reason else "text"))
        title = ui_font(13, QFont.Weight.Medium)
        _write(painter, first, row.title, title, Qt.AlignmentFlag.AlignLeft | middle)


def _write(painter: QPainter, area: QRect, text: str, font: QFont, alignment: Qt.AlignmentFlag) -> None:
    painter.setFont(font)
    fitting = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, alignment | Qt.TextFlag.TextSingleLine, fitting)
