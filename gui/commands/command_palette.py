"""Every command of the window, found by typing."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QPoint, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from gui.actions import COMMANDS, Actions
from gui.choosing.chooser import WIDTH, Chooser
from gui.choosing.rows import Choice
from gui.settings import RECENT_COMMANDS, Settings
from gui.theme import GRID


class CommandPalette(QObject):
    """Those used last come first, also after another start."""

    def __init__(self, actions: Actions, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._actions = actions
        self._settings = settings
        self._window = window
        actions.handle({"command_palette": self.open})

    @Slot()
    def open(self) -> None:
        title = self.tr("Search commands")
        nothing = self.tr("No command matches “{text}”.")
        chooser = Chooser(self._window, self._choices(), title, nothing)
        chooser.open_at(QPoint((self._window.width() - WIDTH) // 2, GRID * 8))
        chooser.chosen.connect(self._trigger)

    @Slot(object)
    def _trigger(self, name: str) -> None:
        preferences = self._settings.preferences
        others = [other for other in preferences.recent_commands if other != name]
        preferences.recent_commands = [name, *others][:RECENT_COMMANDS]
        self._settings.save()
        self._actions[name].trigger()

    def _choices(self) -> list[Choice]:
        remembered = self._settings.preferences.recent_commands
        recent = [name for name in remembered if name in COMMANDS]
        rest = [name for name in COMMANDS if name not in recent and name != "command_palette"]
        used, others = self.tr("Used last"), self.tr("All commands")
        return [self._choice(name, used) for name in recent] + [
            self._choice(name, others if recent else "") for name in rest
        ]

    def _choice(self, name: str, group: str) -> Choice:
        action = self._actions[name]
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        about = QCoreApplication.translate("actions", COMMANDS[name].help)
        return Choice(
            name,
            plain_title(action.text()),
            about=about,
            detail=keys,
            icon=action.icon(),
            group=group,
            reason="" if action.isEnabled() else self._actions.reason(name),
            words=name.replace("_", " "),
        )


def plain_title(text: str) -> str:
    """The title of a command without the mark of its key: `&Save` is Save, `A && B` is A & B."""
    return "&".join(part.replace("&", "") for part in text.split("&&"))
