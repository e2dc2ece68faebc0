"""The nodes of the network as a tree of rows: in the order of computation, those of a block below it.

A screen reader and a search can follow a diagram only as rows like these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush

from engine.amounts import count_text
from engine.build.report import NodeShape, ShapeReport, shape_text
from engine.messages import shown
from engine.network.model import Changes, Network, Node
from gui.canvas import tooltips
from gui.editor import Editor
from gui.guard import guarded
from gui.naming import rename
from gui.node_list import words as node_words
from gui.node_list.icons import node_icon
from gui.node_list.rows import in_order, runs, unbroken
from gui.theme import color, number_font, ui_font
from gui.words import sentence

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

NAME, OUTPUT, PARAMETERS = range(3)
NO_INDEX = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# Made once: an `or` of flags for each of 5,000 rows takes as long as all the rest.
_OTHER = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_BLOCK_NAME = _OTHER | Qt.ItemFlag.ItemIsEditable
_LEAF_NAME = _BLOCK_NAME | Qt.ItemFlag.ItemNeverHasChildren
#: When more rows than this change one by one, all are drawn again.
_MOST_SINGLE = 100


class NodeModel(QAbstractItemModel):
    """Follows an Editor when it is told to. Rows that stay keep their indexes, so also their selection.

    An index carries a number for the id of its node: Qt keeps no Python object alive."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self._words: tuple[str, ...] = ()
        self._hits: frozenset[str] = frozenset()
        self._rows: dict[str, list[str]] = {"": []}
        self._parent: dict[str, str] = {}
        #: Row by id within each parent, made when it is asked for.
        self._at: dict[str, dict[str, int]] = {}
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._problems: Counter[str] = Counter()
        self._causes: frozenset[str] = frozenset()

    # Looking things up

    def id_of(self, index: Index) -> str:
        return self._ids[index.internalId()]

    def index_of(self, node_id: str, column: int = NAME) -> QModelIndex:
        """An invalid index for a node that is not listed."""
        if node_id not in self._parent:
            return QModelIndex()
        return self.createIndex(self._row(node_id), column, self._number(node_id))

    def ids(self) -> Iterator[str]:
        """Listed nodes from top to bottom, as if everything were unfolded."""
        waiting = [iter(self._rows[""])]
        while waiting:
            node_id = next(waiting[-1], None)
            if node_id is None:
                waiting.pop()
                continue
            yield node_id
            waiting.append(iter(self._rows.get(node_id, ())))

    @property
    def hits(self) -> frozenset[str]:
        """What the search found; the blocks around are listed besides. Without words: every node."""
        return self._hits if self._words else frozenset(self._parent)

    def row_runs(self, ids: Iterable[str]) -> Iterator[tuple[QModelIndex, QModelIndex]]:
        """The rows of these nodes as first and last index of each unbroken run."""
        by_parent: dict[str, list[int]] = {}
        for node_id in ids:
            if node_id in self._parent:
                by_parent.setdefault(self._parent[node_id], []).append(self._row(node_id))
        for parent, rows in by_parent.items():
            around = self.index_of(parent)
            for first, last in unbroken(sorted(rows)):
                yield self.index(first, NAME, around), self.index(last, PARAMETERS, around)

    # Following

    def reset(self) -> None:
        """Everything anew: another network, or another search."""
        self.beginResetModel()
        self._ids, self._numbers = [], {}
        self._count_problems(self._editor.report)
        self._rows = self._wanted()
        self._parent = {child: parent for parent, ids in self._rows.items() for child in ids}
        self._at = {}
        self.endResetModel()

    def search(self, text: str) -> None:
        """List only nodes about which every word of `text` can be said, and the blocks around them."""
        self._words = tuple(text.lower().split())
        self.reset()

    def follow(self, changes: Changes) -> None:
        nodes = self._editor.network.nodes
        lies_elsewhere = any(
            nodes[key].block != self._parent.get(key, "") and not self._words for key in changes.changed
        )
        links = changes.links_added or changes.links_removed
        if changes.added or changes.removed or links or lies_elsewhere or self._words:
            self._rearrange()
        self._redraw(changes.changed)

    def show_report(self, report: ShapeReport) -> None:
        before, causes = self._problems, self._causes
        self._count_problems(report)
        if self._words:
            self._rearrange()
        marked = {key for key in before | self._problems if before[key] != self._problems[key]}
        self._redraw(marked | (causes ^ self._causes))
        self._redraw_all(OUTPUT)

    def _count_problems(self, report: ShapeReport) -> None:
        self._problems = Counter(problem.node for problem in report.problems if problem.node)
        self._causes = frozenset(problem.cause for problem in report.problems if problem.cause)

    def _redraw(self, ids: Iterable[str]) -> None:
        listed = [key for key in ids if key in self._parent]
        if len(listed) > _MOST_SINGLE:
            self._redraw_all(NAME)
            return
        for node_id in listed:
            index = self.index_of(node_id)
            self.dataChanged.emit(index, index)

    def _redraw_all(self, first_column: int) -> None:
        for parent, rows in self._rows.items():
            if rows:
                around = self.index_of(parent)
                first = self.index(0, first_column, around)
                self.dataChanged.emit(first, self.index(len(rows) - 1, PARAMETERS, around))

    def _wanted(self) -> dict[str, list[str]]:
        """The rows there are to be, by block."""
        network = self._editor.network
        listed = self._found(network) if self._words else network.nodes.keys()
        rows: dict[str, list[str]] = {"": []}
        for node_id in in_order(network):
            if node_id in listed:
                rows.setdefault(network.nodes[node_id].block, []).append(node_id)
        return rows

    def _found(self, network: Network) -> set[str]:
        hits = [key for key, node in network.nodes.items() if self._matches(node)]
        self._hits = frozenset(hits)
        return {*hits, *(block for key in hits for block in network.blocks_around(key))}

    def _matches(self, node: Node) -> bool:
        wrong, cause = self._problems[node.id] > 0, node.id in self._causes
        about = node_words.search_text(node, wrong, cause)
        return all(word in about for word in self._words)

    def _rearrange(self) -> None:
        """From the rows there are to those there are to be, with no more signals than needed."""
        wanted = self._wanted()
        for parent in list(self._rows):
            if parent in self._rows:  # else it went with the block around it
                self._remove_from(parent, set(wanted.get(parent, ())))
        waiting = [""]
        for parent in waiting:  # grows while it is walked
            self._insert_into(parent, wanted)
            waiting += (child for child in self._rows.get(parent, ()) if child in wanted)
        if self._rows != wanted:
            self._reorder(wanted)

    def _remove_from(self, parent: str, wanted: set[str]) -> None:
        rows = self._rows[parent]
        for first, last in reversed(runs(rows, lambda key: key not in wanted)):
            self.beginRemoveRows(self.index_of(parent), first, last)
            for node_id in rows[first : last + 1]:
                self._forget(node_id)
            del rows[first : last + 1]
            self._at.pop(parent, None)
            self.endRemoveRows()
        if parent and not rows:
            del self._rows[parent]

    def _forget(self, node_id: str) -> None:
        del self._parent[node_id]
        for child in self._rows.pop(node_id, ()):
            self._forget(child)
        self._at.pop(node_id, None)

    def _insert_into(self, parent: str, wanted: Mapping[str, list[str]]) -> None:
        """Each new row behind the row that it is to follow."""
        rows = self._rows.setdefault(parent, [])
        ids = wanted.get(parent, [])
        known = set(rows)
        at = 0
        for first, last in runs(ids, lambda key: key not in known):
            if first > 0:
                at = rows.index(ids[first - 1]) + 1
            self.beginInsertRows(self.index_of(parent), at, at + last - first)
            rows[at:at] = ids[first : last + 1]
            for node_id in ids[first : last + 1]:
                self._adopt(node_id, parent, wanted)
            self._at.pop(parent, None)
            self.endInsertRows()
        if parent and not rows:
            del self._rows[parent]

    def _adopt(self, node_id: str, parent: str, wanted: Mapping[str, list[str]]) -> None:
        self._parent[node_id] = parent
        if node_id in wanted:
            self._rows[node_id] = list(wanted[node_id])
            for child in wanted[node_id]:
                self._adopt(child, node_id, wanted)

    def _reorder(self, wanted: dict[str, list[str]]) -> None:
        """The same rows in another order, as after a link changed what is computed first."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [(self.id_of(index), index.column()) for index in before]
        self._rows, self._at = wanted, {}
        self.changePersistentIndexList(before, [self.index_of(*place) for place in ids])
        self.layoutChanged.emit()

    def _row(self, node_id: str) -> int:
        parent = self._parent[node_id]
        if parent not in self._at:
            self._at[parent] = {key: row for row, key in enumerate(self._rows[parent])}
        return self._at[parent][node_id]

    def _number(self, node_id: str) -> int:
        if node_id not in self._numbers:
            self._numbers[node_id] = len(self._ids)
            self._ids.append(node_id)
        return self._numbers[node_id]

    # Qt

    @guarded(NO_INDEX)
    def index(self, row: int, column: int, parent: Index = NO_INDEX) -> QModelIndex:
        rows = self._rows.get(self.id_of(parent) if parent.isValid() else "", ())
        if not (0 <= row < len(rows) and NAME <= column <= PARAMETERS):
            return QModelIndex()
        return self.createIndex(row, column, self._number(rows[row]))

    @guarded(NO_INDEX)
    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        if not index.isValid():
            return QModelIndex()
        return self.index_of(self._parent.get(self.id_of(index), ""))

    @guarded(0)
    def rowCount(self, parent: Index = NO_INDEX) -> int:
        if parent.column() > NAME:
            return 0
        return len(self._rows.get(self.id_of(parent) if parent.isValid() else "", ()))

    @guarded(False)
    def hasChildren(self, parent: Index = NO_INDEX) -> bool:
        return self.rowCount(parent) > 0

    @guarded(0)
    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return PARAMETERS + 1

    @guarded(None)
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole and section == PARAMETERS:
            return _RIGHT
        if role == Role.DisplayRole:
            translate = QCoreApplication.translate
            return {
                NAME: translate("Nodes", "Name"),
                OUTPUT: translate("Nodes", "Output"),
                PARAMETERS: translate("Nodes", "Parameters"),
            }[section]
        return None

    @guarded(Qt.ItemFlag.NoItemFlags)
    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        leaf = self._ids[index.internalId()] not in self._rows
        return (_LEAF_NAME if leaf else _BLOCK_NAME) if index.column() == NAME else _OTHER

    @guarded(None)
    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        node = self._editor.network.nodes.get(self.id_of(index)) if index.isValid() else None
        if node is None:
            return None
        column, report = index.column(), self._editor.report
        found = report.nodes.get(node.id, NodeShape())
        if role == Role.DisplayRole:
            return self._text(node, found, column)
        if role == Role.DecorationRole and column == NAME:
            return node_icon(node.kind, self._problems[node.id] > 0)
        if role == Role.FontRole:
            return ui_font(13) if column == NAME else number_font()
        if role == Role.ForegroundRole and column != NAME:
            return QBrush(color("muted"))
        if role == Role.TextAlignmentRole and column == PARAMETERS:
            return _RIGHT
        if role == Role.EditRole and column == NAME:
            return node.name
        if role == Role.ToolTipRole:
            return tooltips.plain(tooltips.node_text(node, report, False))
        if role == Role.AccessibleTextRole:
            if column == NAME:
                return node_words.spoken(node, found, self._problems[node.id])
            return self._text(node, found, column)
        if role == Role.AccessibleDescriptionRole and column == NAME:
            return "\n".join(map(sentence, report.problems_of(node.id)))
        return None

    @staticmethod
    def _text(node: Node, found: NodeShape, column: int) -> str:
        if column == NAME:
            return shown(node.name)
        if column == OUTPUT:
            return "" if found.output is None else shape_text(found.output)
        return count_text(found.parameters) if found.parameters else ""

    @guarded(False)
    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """A new name, typed into the row."""
        if role != Role.EditRole or not index.isValid() or index.column() != NAME:
            return False
        return rename(self._editor, self.id_of(index), str(value))
