"""Where to compute, said in words as soon as the engine knows what there is."""

from __future__ import annotations

from functools import partial
from typing import get_args

from PySide6.QtCore import QCoreApplication, QSignalBlocker
from PySide6.QtGui import QStandardItemModel

from engine.devices import Devices, known
from engine.recipe.recipe import Recipe
from gui.editor import Editor
from gui.recipe.choice import narrow_combo
from gui.recipe.row import Row
from gui.recipe.run import Run

CHOICES: tuple[str, ...] = get_args(Recipe.model_fields["device"].annotation)


class DeviceRow(Row):
    def __init__(self, editor: Editor) -> None:
        self._devices: Devices | None = None
        combo = narrow_combo()
        combo.setObjectName("field-device")
        translate = QCoreApplication.translate
        title = translate("recipe", "device")
        combo.setAccessibleName(title)
        for name in CHOICES:
            combo.addItem(name, name)
        text = translate("recipe", "Where to compute. auto takes CUDA, then MPS, then the CPU.")
        super().__init__(title, combo, text)
        self.title.hide()  # the section is called so; the words need the room
        self.combo = combo
        combo.activated.connect(self._choose)
        self._editor = editor
        self.reset_wanted.connect(partial(self._choose, 0))

    def follow(self, recipe: Recipe, run: Run | None) -> None:
        if known() != self._devices:
            self._devices = known()
            self._describe(self._devices)
        blocker = QSignalBlocker(self.combo)
        self.combo.setCurrentIndex(self.combo.findData(recipe.device))
        blocker.unblock()
        self.combo.setToolTip(self.combo.currentText())
        self.show_changed(recipe.device != CHOICES[0], CHOICES[0])
        self.show_run(run is not None, run is not None and run.recipe.device != recipe.device)

    def _describe(self, devices: Devices) -> None:
        model = self.combo.model()
        assert isinstance(model, QStandardItemModel)
        for index, name in enumerate(CHOICES):
            self.combo.setItemText(index, words(name, devices))
            model.item(index).setEnabled(devices.has(name))

    def _choose(self, index: int) -> None:
        name = self.combo.itemData(index)
        self._editor.set_recipe(self.tr("Set {0}").format("device"), merge="", device=name)


def words(name: str, devices: Devices) -> str:
    """`auto: CPU, 2 threads`; the name alone while nothing is known."""
    translate = QCoreApplication.translate
    if not devices.titles:
        return name
    found = devices.automatic if name == "auto" else name
    if not devices.has(found):
        return translate("recipe", "{0}: not on this machine").format(name)
    text = devices.titles[found]
    if found == "cpu" and devices.threads > 1:
        text = translate("recipe", "{0}, up to {1} threads").format(text, devices.threads)
    return text if text.lower() == name else "{0}: {1}".format(name, text)
