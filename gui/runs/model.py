"""Runs as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from engine.messages import shown
from engine.runs.run import Result, Run
from gui.guard import guarded
from gui.icons import icon
from gui.runs import words
from gui.runs.shelf import Shelf
from gui.theme import color, number_font

Index = QModelIndex | QPersistentModelIndex
_Role = Qt.ItemDataRole
#: What a sort goes by.
SORT = _Role.UserRole
_NOTHING = Result()


@dataclass(frozen=True)
class Column:
    """text: what is shown. key: what is sorted by, None where there is nothing. field: of the Run, when
    it can be edited in place."""

    title: str
    text: Callable[[Run], str]
    key: Callable[[Run], Any]
    width: int
    is_number: bool = False
    field: str = ""
    help: str = ""


def columns() -> tuple[Column, ...]:
    tr = words.translate
    return (
        Column(tr("runs", "Name"), words.name_of, _name_key, 128, field="name"),
        Column(tr("runs", "Started"), lambda r: words.when(r.started), lambda r: r.started, 112),
        Column(tr("runs", "Ended"), lambda r: words.how_text(r.how), lambda r: r.how, 104),
        Column(tr("runs", "Steps"), lambda r: format(r.steps, ","), lambda r: r.steps, 64, True),
        *_measures("loss", tr("runs", "Loss"), tr("runs", "Validation loss")),
        *_measures("accuracy", tr("runs", "Accuracy"), tr("runs", "Validation accuracy")),
        Column(tr("runs", "Optimizer"), words.optimizer_of, words.optimizer_of, 80),
        Column(tr("runs", "Rate"), _rate, words.rate_of, 56, True),
        Column(tr("runs", "Tags"), _tags, _tags, 96, field="tags"),
        Column(tr("runs", "Notes"), lambda r: r.notes, lambda r: r.notes, 200, field="notes"),
    )


def _name_key(run: Run) -> str:
    return words.name_of(run).casefold()


def _tags(run: Run) -> str:
    return ", ".join(run.tags)


def _rate(run: Run) -> str:
    return words.number(words.rate_of(run))


def _measures(name: str, title: str, help_text: str) -> tuple[Column, Column]:
    def best(run: Run) -> float | None:
        return run.results.get(name, _NOTHING).best

    def last(run: Run) -> float | None:
        return run.results.get(name, _NOTHING).last

    tr = words.translate
    of_best = tr("runs", "{0}, the best").format(help_text)
    of_last = tr("runs", "{0}, the last").format(help_text)
    return (
        Column(title, lambda r: words.number(best(r)), best, 72, True, help=of_best),
        Column(tr("runs", "… last"), lambda r: words.number(last(r)), last, 64, True, help=of_last),
    )


class RunModel(QAbstractTableModel):
    """Names, tags and notes are edited in place; the shelf keeps them."""

    def __init__(self, shelf: Shelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self.columns = columns()
        self.runs: list[Run] = []

    def place_of(self, field: str) -> int:
        """The column in which a field of a run is edited."""
        return next(at for at, column in enumerate(self.columns) if column.field == field)

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Rows of runs that stay keep their place in the selection."""
        if [run.id for run in runs] == [run.id for run in self.runs]:
            self.runs = list(runs)
            if runs:
                last = self.index(len(runs) - 1, len(self.columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.runs = list(runs)
        self.endResetModel()

    @guarded(0)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.runs)

    @guarded(0)
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    @guarded(None)
    def headerData(self, section: int, way: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        if way != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == _Role.DisplayRole:
            return column.title
        if role == _Role.ToolTipRole:
            return column.help or None
        if role == _Role.TextAlignmentRole:
            return _alignment(column)
        return None

    @guarded(None)
    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        run, column = self.runs[index.row()], self.columns[index.column()]
        if role == _Role.DisplayRole:
            return shown(column.text(run))
        if role == SORT:
            return column.key(run)
        if role == _Role.EditRole:
            return run.name if column.field == "name" else column.text(run)
        if role == _Role.TextAlignmentRole:
            return _alignment(column)
        if role == _Role.FontRole and column.is_number:
            return number_font(12)
        if role == _Role.ToolTipRole:
            return self._help(run, column)
        if index.column() == 2 and role in (_Role.DecorationRole, _Role.ForegroundRole):
            ink, name = words.SIGNS[run.how]
            return icon(name, color(ink)) if role == _Role.DecorationRole else color(ink)
        return None

    @staticmethod
    def _help(run: Run, column: Column) -> str | None:
        if column.field == "notes":
            return shown(run.notes) or None
        if column.title == columns()[1].title:
            return words.moment(run.started)
        return None

    @guarded(Qt.ItemFlag.NoItemFlags)
    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if index.isValid() and self.columns[index.column()].field:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @guarded(False)
    def setData(self, index: Index, value: Any, role: int = _Role.EditRole) -> bool:
        run, field = self.runs[index.row()], self.columns[index.column()].field
        if role != _Role.EditRole or not field:
            return False
        text = str(value).strip()
        new = words.tags_in(text) if field == "tags" else text
        if new == getattr(run, field):
            return False
        self.runs[index.row()] = run.model_copy(update={field: new})  # the shelf follows
        self._shelf.change(run.id, **{field: new})
        self.dataChanged.emit(index, index)
        return True


class SortedRuns(QSortFilterProxyModel):
    """In the order of a column; runs that have nothing there come last, whichever way."""

    def __init__(self, model: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(model)
        self.setSortRole(SORT)

    @guarded(False)
    def lessThan(self, left: Index, right: Index) -> bool:
        one, other = left.data(SORT), right.data(SORT)
        if one is None or other is None:
            descending = self.sortOrder() == Qt.SortOrder.DescendingOrder
            return (other is None and one is not None) != descending and one is not other
        return bool(one < other)


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
