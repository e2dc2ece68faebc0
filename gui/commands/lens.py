"""Commands about what the canvas shows, and the memory of what was chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from gui.actions import Actions
from gui.canvas.lenses import LENSES
from gui.canvas.view import CanvasView
from gui.settings import Settings

LENS_ACTIONS = {"lens_" + kind.name: kind.name for kind in LENSES}


class LensCommands(QObject):
    def __init__(
        self, actions: Actions, canvas: CanvasView, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._lens = canvas.lens
        self._legend = canvas.legend
        self._settings = settings
        group = QActionGroup(self)
        for name in LENS_ACTIONS:
            actions[name].setCheckable(True)
            group.addAction(actions[name])
        actions.handle(dict.fromkeys(LENS_ACTIONS, self._choose))
        actions.handle({"next_lens": self._lens.choose_next})
        preferences = settings.preferences
        self._lens.remember(preferences.lens, preferences.run_lens)
        self._legend.set_open(preferences.legend)
        actions["legend"].setCheckable(True)
        actions["legend"].setChecked(preferences.legend)
        actions["legend"].toggled.connect(self._legend.set_open)
        self._legend.folded.connect(self._remember_legend)
        self._lens.chosen.connect(self._follow)
        canvas.lens_switch.menu = lens_menu(actions, window)
        self._follow()

    @Slot()
    def _choose(self) -> None:
        self._lens.choose(LENS_ACTIONS[self.sender().objectName()])

    @Slot()
    def _follow(self) -> None:
        """Mark the lens in use, disable those that have nothing to show, remember the choice."""
        for action, name in LENS_ACTIONS.items():
            reason = self.tr("Train first: it shows a run.")
            self._actions.set_enabled(action, self._lens.can_show(name), reason)
            self._actions[action].setChecked(name == self._lens.name)
        preferences = self._settings.preferences
        chosen = (self._lens.at_rest, self._lens.in_run)
        if chosen != (preferences.lens, preferences.run_lens):
            preferences.lens, preferences.run_lens = chosen
            self._settings.save()

    @Slot(bool)
    def _remember_legend(self, folded: bool) -> None:
        self._actions["legend"].setChecked(not folded)
        self._settings.preferences.legend = not folded
        self._settings.save()


def lens_menu(actions: Actions, parent: QWidget) -> QMenu:
    """The lenses: those of the network as it is drawn, and those of a run."""
    menu = QMenu(parent.tr("&Lens"), parent)
    menu.setToolTipsVisible(True)
    for kind in LENSES:
        if kind.live and not menu.property("live"):
            menu.addSeparator()
            menu.setProperty("live", True)
        menu.addAction(actions["lens_" + kind.name])
    menu.addSeparator()
    menu.addAction(actions["next_lens"])
    return menu
