"""Start-up: settings, fonts, theme, the door for errors, garbage collection, and the window."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QToolTip

import resources
from gui.icons import pixmap
from gui.settings import Settings
from gui.style import style_sheet
from gui.theme import appearance, palette, ui_font

log = logging.getLogger("backlit")

#: How often the youngest objects are collected; the old ones every so many times.
COLLECT_MS = 1000
COLLECT_ALL_EVERY = 30
#: Collections after which everything is imported.
SETTLED_AFTER = 4


class GarbageCollector(QObject):
    """Collects cycles on the GUI thread only. Python would otherwise do it in whatever thread
    allocates, and destroying Qt objects in the engine thread crashes the process."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._count = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(COLLECT_MS)

    @Slot()
    def collect(self) -> None:
        self._count += 1
        if self._count == SETTLED_AFTER:
            # Modules and classes stay for good: looking through them took 17 ms every second.
            gc.collect()
            gc.freeze()
        gc.collect(2 if self._count % COLLECT_ALL_EVERY == 0 else 1)


def make_application(arguments: list[str]) -> QApplication:
    """The QApplication with the program's fonts, style and theme."""
    # Must come before the application: fractional scales are used as they are.
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(arguments)
    application.setApplicationName("Backlit")
    application.setDesktopFileName("backlit")
    prepare(application)
    return application


def prepare(application: QApplication) -> None:
    """Everything that belongs to the application and not to a window. Tests call it too."""
    application.setStyle("Fusion")
    for file in sorted(resources.path("fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))
    application.setFont(ui_font())
    QToolTip.setFont(ui_font(12))
    application.setWindowIcon(QIcon(pixmap("backlit", "#000000", 64)))
    appearance.changed.connect(apply_theme)
    apply_theme()


def apply_theme() -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setPalette(palette(appearance.theme))
    QToolTip.setPalette(palette(appearance.theme))
    application.setStyleSheet(style_sheet(appearance.theme))


def use_preferred_theme(settings: Settings) -> None:
    """The theme of the preferences; "system" follows the desktop."""
    chosen = settings.preferences.theme
    if chosen == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        chosen = "dark" if scheme == Qt.ColorScheme.Dark else "light"
    appearance.use(chosen)


def run(file: Path) -> int:
    """Open the window with `file` and stay until it is closed. The process's exit status."""
    application = make_application(sys.argv[:1])
    settings = Settings()
    use_preferred_theme(settings)
    GarbageCollector(application)
    from gui.window import MainWindow

    window = MainWindow(settings)
    _install_error_door(window)
    window.closed.connect(application.quit)
    window.show()
    window.documents.load(file)
    status = application.exec()
    if not window.shut_down():
        os._exit(status)  # all is saved; a thread stuck in torch would abort the process
    return status


def _install_error_door(window: QObject) -> None:
    """An uncaught exception is logged and said in the window; the program goes on."""
    from gui.window import MainWindow

    assert isinstance(window, MainWindow)
    bar = window.message_bar

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        log.error("uncaught", exc_info=(kind, error, trace))
        text = QApplication.translate(
            "errors", "Something went wrong inside Backlit ({0}). Your network is untouched; save it."
        )
        bar.show_message(text.format(kind.__name__), "error")

    sys.excepthook = report
