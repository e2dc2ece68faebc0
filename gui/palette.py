"""Every layer there is, by family, to be dragged onto the canvas or appended with Enter."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QSize, Qt, Slot
from PySide6.QtGui import QDrag, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.network.layers import FAMILIES, LAYERS, Layer
from gui.canvas import placing, tooltips
from gui.canvas.gestures.drop import mime_data
from gui.editor import Editor
from gui.guard import guarded
from gui.theme import appearance, ui_font
from gui.tiles import ROW, TILE, tile, title_row

_KIND = Qt.ItemDataRole.UserRole
#: Keys that the search field hands on to the list.
_TO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class Palette(QWidget):
    """A search field over a list of layers."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.search = QLineEdit()
        self.search.setObjectName("palette-search")
        self.search.setPlaceholderText(self.tr("Search layers"))
        self.search.setAccessibleName(self.tr("Search layers"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedHeight(32)
        self.search.installEventFilter(self)
        self.layers = LayerList()
        self.layers.setAccessibleName(self.tr("Layers"))
        self.nothing = QLabel()
        self.nothing.setTextFormat(Qt.TextFormat.PlainText)
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.nothing.setContentsMargins(8, 8, 8, 8)
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._append_current)
        self.layers.itemActivated.connect(self._append)
        appearance.changed.connect(self._follow_theme)
        self._follow_theme()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.layers, 1)
        layout.addWidget(self.nothing, 1)
        self.setMinimumWidth(160)

    @Slot()
    def _follow_theme(self) -> None:
        self.nothing.setFont(ui_font(13))
        self._filter(self.search.text())

    @Slot(str)
    def _filter(self, text: str) -> None:
        self.layers.show_layers([layer for layer in LAYERS.values() if matches(layer, text)])
        found = self.layers.count() > 0
        self.layers.setVisible(found)
        self.nothing.setVisible(not found)
        words = self.tr(
            "No layer matches “{text}”.\nTry a family, such as pooling, or clear the search."
        )
        self.nothing.setText(words.format(text=text.strip()))
        if text.strip():
            self.layers.step(1)

    @Slot()
    def _append_current(self) -> None:
        item = self.layers.currentItem()
        if item is not None:
            self._append(item)

    @Slot(QListWidgetItem)
    def _append(self, item: QListWidgetItem) -> None:
        kind = item.data(_KIND)
        if kind:
            placing.append(self._editor, kind)

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down in the search field walk the list; Escape clears the search."""
        if watched is self.search and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress and event.key() in _TO_LIST:
                up = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_PageUp)
                self.layers.step(-1 if up else 1)
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self.search.clear()
                return True
        return super().eventFilter(watched, event)


def matches(layer: Layer, text: str) -> bool:
    """Whether every word of `text` begins or lies in the kind, the family or a keyword."""
    family = QCoreApplication.translate("engine", FAMILIES[layer.family])
    about = " ".join((layer.kind, layer.family, family, *layer.keywords)).lower()
    return all(word in about for word in text.lower().split())


class LayerList(QListWidget):
    """Rows of layers under the titles of their families. Titles cannot be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("palette-layers")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(TILE, TILE))
        self.setDragEnabled(True)
        self.setUniformItemSizes(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def show_layers(self, layers: list[Layer]) -> None:
        self.clear()
        family = ""
        for layer in layers:
            if layer.family != family:
                family = layer.family
                self.addItem(title_row(QCoreApplication.translate("engine", FAMILIES[layer.family])))
            self.addItem(_row(layer))

    def step(self, by: int) -> None:
        """Make the next layer above or below the current one."""
        row = self.currentRow() + by
        while 0 <= row < self.count():
            if self.item(row).data(_KIND):
                self.setCurrentRow(row)
                return
            row += by

    @guarded(None)
    def startDrag(self, actions: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is None or not item.data(_KIND):
            return
        drag = QDrag(self)
        drag.setMimeData(mime_data(item.data(_KIND)))
        drag.setPixmap(item.icon().pixmap(QSize(TILE, TILE), self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(TILE // 2, TILE // 2))
        drag.exec(Qt.DropAction.CopyAction)


def _row(layer: Layer) -> QListWidgetItem:
    item = QListWidgetItem(tile(layer.family), layer.kind)
    item.setData(_KIND, layer.kind)
    item.setFont(ui_font(13))
    item.setToolTip(tooltips.plain(tooltips.layer_text(layer)))
    item.setSizeHint(QSize(0, ROW))
    return item
