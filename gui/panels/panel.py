"""What every panel has: a title, the question it answers, an empty and an error state, and its
content as picture and table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.network.model import Network
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Recorder
from gui.guard import guarded
from gui.icons import icon
from gui.plotting import export
from gui.plotting.parts import ElidedLabel, Notice
from gui.theme import CORNER, GRID, appearance, color, ui_font

SMALLEST_SIZE = QSize(280, 120)


class Panel(QWidget):
    """Base of all panels. A subclass fills `self.content`, and says what of it is the picture.

    `wish_changed`: `want` would answer differently now, or the panel came into view or left it.
    `message` carries (text, level) for the message bar."""

    #: For docks, settings and the command line; the words are translated in the context "panels".
    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    empty_text: ClassVar[str]
    icon: ClassVar[str]
    shortcut: ClassVar[str] = ""

    wish_changed = Signal()
    message = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(self.name)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setMinimumSize(SMALLEST_SIZE)
        self.recorder: Recorder | None = None
        self.network = Network()
        self.selected: str | None = None
        self.content = QWidget()
        #: The part of the content that is copied and saved.
        self.picture: QWidget = self.content
        self._notice = Notice()
        self._header = _Header(self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self.content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addLayout(self._stack, 1)
        appearance.changed.connect(self._paint)
        self.clear()

    # For the window

    @property
    def state(self) -> str:
        """ "empty", "error" or "content"."""
        return "content" if self._stack.currentWidget() is self.content else self._notice.level

    def start_run(self, recorder: Recorder, network: Network) -> None:
        """A run of this network begins."""
        self.clear()
        self.recorder = recorder
        self.network = network

    def end_run(self) -> None:
        """The run ended; what it left stays on screen."""

    def clear(self) -> None:
        """Back to the empty state."""
        self.recorder = None
        self._header.show_viewed(None)
        self._notice.level = "empty"
        self._notice.say(_words(self.empty_text), self.icon)
        self._stack.setCurrentWidget(self._notice)
        self._header.can_export(False)

    def show_error(self, text: str) -> None:
        """Instead of the content, a sentence that says what to do."""
        self._notice.level = "error"
        self._notice.say(text, "error")
        self._stack.setCurrentWidget(self._notice)
        self._header.can_export(False)

    def show_viewed(self, step: int | None) -> None:
        """The frames that come are of this recorded step; None: of the newest."""
        self._header.show_viewed(step)

    def set_selection(self, node_id: str | None) -> None:
        """The node selected on the canvas."""
        self.selected = node_id

    @classmethod
    def translated_title(cls) -> str:
        return _words(cls.title)

    # For the governor

    def is_visible(self) -> bool:
        """Whether any pixel of it can be seen: a dock behind another tab is not hidden to Qt."""
        return (
            self.isVisible() and not self.window().isMinimized() and not self.visibleRegion().isEmpty()
        )

    def show_frame(self, frame: Frame) -> None:
        """Show the newest step."""

    def want(self, watch: Watch) -> Watch:
        """`watch` with what this panel needs besides; asked only while it is visible."""
        return watch

    # For subclasses

    def show_content(self) -> None:
        """Leave the empty state; an error stays until the next run."""
        if self.state == "empty":
            self._stack.setCurrentWidget(self.content)
            self._header.can_export(True)

    def table(self) -> tuple[list[str], NDArray[Any]]:
        """The numbers behind the picture: column titles (c,) and rows (r, c)."""
        return [], np.empty((0, 0))

    def retint(self) -> None:
        """The theme changed: colours that do not follow from the palette."""

    # Copy and save

    def copy_picture(self) -> None:
        export.copy_picture(self.picture)

    def save_png(self) -> None:
        self._save(self.tr("Save as PNG"), "png", self._write_png)

    def save_svg(self) -> None:
        self._save(self.tr("Save as SVG"), "svg", self._write_svg)

    def save_csv(self) -> None:
        self._save(self.tr("Save as CSV"), "csv", self._write_csv)

    def _write_png(self, path: Path) -> None:
        export.save_png(self.picture, path)

    def _write_svg(self, path: Path) -> None:
        export.save_svg(self.picture, path, _words(self.title))

    def _write_csv(self, path: Path) -> None:
        export.save_csv(path, *self.table())

    def _save(self, caption: str, suffix: str, write: Any) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, caption, f"{self.name}.{suffix}", f"{suffix.upper()} (*.{suffix})"
        )
        if not name:
            return
        path = Path(name)
        path = path if path.suffix else path.with_suffix("." + suffix)
        try:
            write(path)
        except OSError as error:
            text = self.tr("{0} could not be written: {1}. Choose another folder or name.")
            self.message.emit(text.format(path, error.strerror or error), "error")

    # Qt

    @guarded(None)
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.wish_changed.emit()

    @guarded(None)
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.wish_changed.emit()

    def _paint(self) -> None:
        self._header.paint()
        self._notice.paint()
        self.retint()


class _Header(QWidget):
    """The question, and a menu on the right. The title stands on the dock."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._question = ElidedLabel(_words(panel.question))
        self._viewed = QLabel()
        self._viewed.setObjectName("viewed_step")
        self._viewed.setFont(ui_font(12))
        self._viewed.setToolTip(self.tr("A recorded step is shown, not the newest one"))
        self._viewed.hide()
        self._menu = QMenu(self)
        for text, handler in (
            (self.tr("Copy picture"), panel.copy_picture),
            (self.tr("Save as PNG…"), panel.save_png),
            (self.tr("Save as SVG…"), panel.save_svg),
            (self.tr("Save as CSV…"), panel.save_csv),
        ):
            self._menu.addAction(text).triggered.connect(handler)
        self._button = QToolButton()
        self._button.setObjectName("panel_menu")
        self._button.setAutoRaise(True)
        self._button.setIconSize(QSize(16, 16))
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setMenu(self._menu)
        self._button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._button.setToolTip(self.tr("Copy or save"))
        self._button.setAccessibleName(self._button.toolTip())
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID * 3 // 2, 0, GRID // 2, 0)
        row.addWidget(self._question, 1)
        row.addWidget(self._viewed, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._button)
        self.paint()

    def can_export(self, on: bool) -> None:
        self._button.setEnabled(on)

    def show_viewed(self, step: int | None) -> None:
        self._viewed.setVisible(step is not None)
        if step is not None:
            self._viewed.setText(self.tr("step {0}").format(format(step, ",")))

    def paint(self) -> None:
        theme = appearance.theme
        self._viewed.setStyleSheet(
            "background: {0}; color: {1}; border-radius: {2}px; padding: 1px {2}px;".format(
                theme.warning_ground, theme.warning, CORNER
            )
        )
        self._button.setIcon(icon("export", color("muted")))
        self._question.tint("muted")


def _words(text: str) -> str:
    return QCoreApplication.translate("panels", text)
