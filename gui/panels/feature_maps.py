"""What a convolution or pooling node makes of one validation image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.messages import shown
from engine.network.layers import LAYERS
from engine.network.layers.declaration import IMAGE
from engine.network.model import Network
from engine.telemetry.frame import FeatureMaps, Frame, Watch
from engine.telemetry.recorder import Recorder
from gui.guard import guarded
from gui.panels.panel import Panel
from gui.plotting.map_grid import MapGrid, Place, ScaleBar
from gui.plotting.map_picture import input_picture
from gui.plotting.parts import ElidedLabel, Segments, set_ink
from gui.plotting.plots import number_text
from gui.theme import GRID, number_font, ui_font

THUMBNAIL = 5 * GRID  #: px, side of the input image
MOST_SAMPLES = 10_000  #: until `set_samples` says how many there are
SCALE_FROM = 24 * GRID  #: px of height, below which the scale gives its room to the maps
#: These keep the shape of what they receive.
_SHAPE_KEEPERS = ("activation", "regularization")


class FeatureMapsPanel(Panel):
    """A grid of maps for a node and a sample, live."""

    name = "feature_maps"
    title = str(QT_TRANSLATE_NOOP("panels", "Feature maps"))
    question = str(QT_TRANSLATE_NOOP("panels", "What does this layer see in one image?"))
    empty_text = str(
        QT_TRANSLATE_NOOP(
            "panels", "Train a network with a Conv2d or pooling layer: its maps appear here."
        )
    )
    icon = "maps"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = MapGrid()
        self.chooser = QComboBox()
        self.sample = QSpinBox()
        self.scaling = Segments((self.tr("Per map"), self.tr("Per layer")))
        self.bar = ScaleBar()
        self._image, self._caption, self._where = QLabel(), ElidedLabel(), ElidedLabel()
        self._image_size = THUMBNAIL
        self._build_controls()
        self._build()
        self.grid.hovered.connect(self._hovered)
        self.grid.enlarged.connect(self._say)
        self.scaling.chosen.connect(self._scaling_chosen)
        self.chooser.activated.connect(self._node_chosen)
        self.sample.valueChanged.connect(self._sample_chosen)
        self.retint()

    def _build_controls(self) -> None:
        self.chooser.setFont(ui_font(12))
        self.chooser.setAccessibleName(self.tr("Layer"))
        self.chooser.setMinimumContentsLength(8)
        self.chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sample.setRange(0, MOST_SAMPLES - 1)
        self.sample.setFont(number_font())
        self.sample.setKeyboardTracking(False)
        self.sample.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.sample.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sample.setAccessibleName(self.tr("Validation image"))
        self.sample.setToolTip(self.tr("Number of the validation image"))
        self.previous, self.next = QToolButton(), QToolButton()
        for button, arrow, text, step in (
            (self.previous, Qt.ArrowType.LeftArrow, self.tr("Previous image"), self._back),
            (self.next, Qt.ArrowType.RightArrow, self.tr("Next image"), self._forward),
        ):
            button.setArrowType(arrow)
            button.setAutoRaise(True)
            button.setAutoRepeat(True)
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(step)

    def _build(self) -> None:
        self._where.setFont(number_font())
        self._image.setFixedSize(QSize(THUMBNAIL, THUMBNAIL))
        turning = QHBoxLayout()
        turning.setSpacing(GRID // 4)
        turning.addWidget(self.chooser, 1)
        turning.addSpacing(GRID)
        for widget in (self.previous, self.sample, self.next):
            turning.addWidget(widget)
        second = QHBoxLayout()
        second.addWidget(self._caption, 1)
        second.addWidget(self.scaling)
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addLayout(turning)
        words.addLayout(second)
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self._image, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(GRID)
        bottom.addWidget(self._where, 3)
        bottom.addWidget(self.bar, 2)
        self.picture = QWidget()
        drawn = QVBoxLayout(self.picture)
        drawn.setContentsMargins(0, 2, 0, 0)
        drawn.setSpacing(GRID // 2)
        drawn.addWidget(self.grid, 1)
        drawn.addLayout(bottom)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID * 3 // 2, GRID // 2, GRID * 3 // 2, GRID)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.picture, 1)

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Too low for both, the maps come before the line that explains them."""
        super().resizeEvent(event)
        for widget in (self._where, self.bar):
            widget.setVisible(self.height() >= SCALE_FROM)

    # Data

    @property
    def node(self) -> str | None:
        """The node whose maps are shown."""
        data = self.chooser.currentData()
        return str(data) if data is not None else None

    def set_samples(self, count: int) -> None:
        """How many validation images there are."""
        self.sample.setRange(0, max(count, 1) - 1)

    def start_run(self, recorder: Recorder, network: Network) -> None:
        before = self.node
        super().start_run(recorder, network)
        if recorder.validation_samples:
            self.set_samples(recorder.validation_samples)
        nodes = map_nodes(network)
        self.chooser.clear()
        for node in nodes:
            self.chooser.addItem(shown(network.nodes[node].name), node)
        strict = [node for node in nodes if _is_strict(network, node)]
        wishes = (self.selected, before, strict[-1] if strict else None)
        chosen = next((node for node in wishes if node in nodes), None)
        self.chooser.setCurrentIndex(self.chooser.findData(chosen))
        self.wish_changed.emit()

    def want(self, watch: Watch) -> Watch:
        return replace(watch, maps_node=self.node or watch.maps_node, sample=self.sample.value())

    def show_frame(self, frame: Frame) -> None:
        maps = frame.maps
        if self.recorder is None or maps is None or maps.node != self.node:
            return
        self.show_content()
        self.grid.show_maps(maps)
        self._show_image(maps)
        self._say()

    def set_selection(self, node_id: str | None) -> None:
        super().set_selection(node_id)
        at = self.chooser.findData(node_id)
        if node_id is not None and at >= 0 and at != self.chooser.currentIndex():
            self.chooser.setCurrentIndex(at)
            self.wish_changed.emit()

    def table(self) -> tuple[list[str], NDArray[Any]]:
        """One row a line of a map: channel, y, and the values along x."""
        maps = self.grid.maps
        if maps is None:
            return super().table()
        channels, height, width = maps.values.shape
        channel, y = np.divmod(np.arange(channels * height), height)
        rows = np.column_stack([channel, y, maps.values.reshape(-1, width).astype(float)])
        return ["channel", "y", *(f"x{x}" for x in range(width))], rows

    # What the user does

    def _node_chosen(self) -> None:
        self.wish_changed.emit()

    def _sample_chosen(self) -> None:
        self.wish_changed.emit()

    def _back(self) -> None:
        self.sample.stepDown()

    def _forward(self) -> None:
        self.sample.stepUp()

    def _scaling_chosen(self, index: int) -> None:
        self.grid.set_per_map(index == 0)
        self._say()

    def _hovered(self, _: Place | None) -> None:
        self._say()

    # Words

    def _show_image(self, maps: FeatureMaps) -> None:
        picture = input_picture(maps.image)
        self._image.setVisible(picture is not None)
        if picture is not None:
            self._image.setPixmap(_fitted(picture, self._image_size, self.devicePixelRatioF()))
        right = maps.label == maps.predicted
        text = self.tr("label {0}, predicted {1} ✓") if right else self.tr("label {0}, predicted {1} ✗")
        self._caption.set_full_text(text.format(maps.label, maps.predicted))
        self._caption.tint("good" if right else "error")

    def _say(self) -> None:
        """The value under the mouse and the scale that holds there."""
        grid, place = self.grid, self.grid.place
        if grid.maps is None:
            return
        limits = grid.scale.limits
        channel = grid.large if grid.large is not None else place.channel if place else None
        if not grid.per_map:
            limit: float | None = float(limits[0])
        else:
            limit = float(limits[channel]) if channel is not None else None
        self.bar.show_scale(grid.scale, limit)
        if place is not None:
            text = self.tr("channel {0}  y {1}  x {2}  {3}").format(
                place.channel, place.y, place.x, number_text(place.value)
            )
        elif grid.large is not None:
            text = self.tr("channel {0}").format(grid.large)
        else:
            text = self._size_text(grid.maps)
        self._where.set_full_text(text)

    def _size_text(self, maps: FeatureMaps) -> str:
        height, width = maps.size
        if len(maps.values) < maps.channels:
            text = self.tr("{0} of {1} maps, {2} × {3}")
            return text.format(len(maps.values), maps.channels, height, width)
        return self.tr("{0} maps, {1} × {2}").format(maps.channels, height, width)

    def retint(self) -> None:
        set_ink(self._where, "muted")


def map_nodes(network: Network) -> list[str]:
    """The nodes whose output is maps: layers on images, and what keeps the shape of theirs."""
    found: list[str] = []
    for node_id in network.order:
        layer = LAYERS.get(network.nodes[node_id].kind)
        if layer is None:
            continue
        sources = [link.source for link in network.incoming[node_id]]
        kept = layer.family in _SHAPE_KEEPERS and bool(sources) and sources[0] in found
        if layer.input_axes == IMAGE or kept:
            found.append(node_id)
    return found


def _is_strict(network: Network, node_id: str) -> bool:
    return LAYERS[network.nodes[node_id].kind].family in ("convolution", "pooling")


def _fitted(picture: QImage, side: int, ratio: float) -> QPixmap:
    size = round(side * ratio)
    scaled = QPixmap.fromImage(picture).scaled(
        size,
        size,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.FastTransformation,
    )
    scaled.setDevicePixelRatio(ratio)
    return scaled


PANEL = FeatureMapsPanel
