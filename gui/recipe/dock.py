"""The Training dock: every field of the recipe, in sections that fold."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.data import SOURCES, DataError
from engine.network.model import Changes
from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.initializers import INITIALIZERS
from engine.recipe.length import length
from engine.recipe.live import LIVE_FIELDS, waits
from engine.recipe.losses import LOSSES
from engine.recipe.metrics import METRICS
from engine.recipe.optimizers import OPTIMIZERS, Optimizer
from engine.recipe.recipe import Recipe
from engine.recipe.schedules import SCHEDULES
from engine.session import EngineThread
from gui.actions import Actions
from gui.editor import Editor
from gui.guard import guarded
from gui.recipe import edits
from gui.recipe.choice import KindRow, ParameterRows
from gui.recipe.choices import ChoiceList, OutputLosses
from gui.recipe.data_choice import DataRow
from gui.recipe.declared import FIELDS, parameter_of
from gui.recipe.device_row import DeviceRow
from gui.recipe.legend import LiveLegend
from gui.recipe.note import Note
from gui.recipe.place import Place
from gui.recipe.rate_curve import RateCurve
from gui.recipe.row import ParameterRow
from gui.recipe.run import Run
from gui.recipe.section import Section
from gui.recipe.summary import summaries
from gui.settings import Settings
from gui.tab_order import put_in_tab_order
from gui.theme import GRID
from gui.training import Training

#: px that the longest name of a field, the field, marks and a scroll bar need.
LEAST_WIDTH = 29 * GRID
REFRESH_MS = 250
#: Unfolded at the first start.
FIRST = ("optimizer", "rate", "length")


class _Part(Protocol):
    def follow(self, recipe: Recipe, run: Run | None) -> None: ...


class RecipeDock(QScrollArea):
    """Follows `editor`; what can change a run under way is marked while there is one."""

    def __init__(
        self,
        editor: Editor,
        training: Training,
        engine: EngineThread,
        actions: Actions,
        settings: Settings,
    ) -> None:
        super().__init__()
        self._editor = editor
        self._training = training
        self._engine = engine
        self._actions = actions
        self._settings = settings
        self.sections: dict[str, Section] = {}
        self.rows: dict[str, ParameterRow] = {}
        self._parts: list[_Part] = []
        self.curve = RateCurve()
        self.legend = LiveLegend()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._follow_step)
        self._build()
        for signal in (editor.recipe_changed, editor.replaced, training.state_changed):
            signal.connect(self.refresh)
        editor.changed.connect(self._network_changed)
        self.refresh()

    # Building

    def _build(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields are the stops
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._holder = QWidget()
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(GRID, GRID // 2, GRID, GRID)
        self._column.setSpacing(0)
        self._column.addWidget(self.legend)
        self._add_learning()
        self._add_loss()
        self._add_regularization()
        self._add_data()
        self._add_start()
        self._add_device()
        self._column.addStretch(1)
        self.setWidget(self._holder)

    def _section(self, name: str, title: str) -> Section:
        unfolded = self._settings.preferences.training_sections.get(name, name in FIRST)
        section = Section(name, title, unfolded=unfolded)
        section.folded.connect(self._remember)
        self._column.addWidget(section)
        self.sections[name] = section
        return section

    def _add_learning(self) -> None:
        section = self._section("optimizer", self.tr("Optimizer"))
        self._add_choice(section, "optimizer", self.tr("optimizer"), OPTIMIZERS)
        section = self._section("rate", self.tr("Learning rate"))
        self._add_fields(section, "learning_rate")
        self._add_choice(section, "schedule", self.tr("schedule"), SCHEDULES)
        self._add_fields(section, "warmup_steps")
        section.add(self.curve)
        section = self._section("length", self.tr("Length"))
        self._add_fields(section, "batch_size", "epochs", "steps", "accumulate")

    def _add_loss(self) -> None:
        section = self._section("loss", self.tr("Loss and metrics"))
        self._add_choice(section, "loss", self.tr("loss"), LOSSES, ("target",))
        self.outputs = OutputLosses(self._editor)
        self._add_part(section, self.outputs)
        self.metrics = ChoiceList(self._editor, "metrics", METRICS, self.tr("Add a metric"))
        section.add(Note(self.tr("Measured besides:")))
        self._add_part(section, self.metrics)

    def _add_regularization(self) -> None:
        section = self._section("regularization", self.tr("Regularization"))
        self._add_fields(section, "clip_norm", "clip_value", "ema_decay", "patience")
        section.add(Note(self.tr("Weight decay is set with the optimizer.")))

    def _add_data(self) -> None:
        section = self._section("data", self.tr("Data"))
        self.data = DataRow(self._editor)
        section.add(self.data)
        self._add_fields(section, "validation_share", "validate_every", "shuffle")
        self.augmentations = ChoiceList(
            self._editor, "augmentations", AUGMENTATIONS, self.tr("Add a change of the images")
        )
        self._add_part(section, self.augmentations)

    def _add_start(self) -> None:
        section = self._section("start", self.tr("Start"))
        self._add_choice(section, "initializer", self.tr("weights"), INITIALIZERS)
        self._add_fields(section, "seed")
        for name in ("reset", "new_weights"):
            button = QToolButton()
            button.setDefaultAction(self._actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setObjectName("start-" + name)
            section.add(button)

    def _add_device(self) -> None:
        section = self._section("device", self.tr("Device"))
        self.device = DeviceRow(self._editor)
        self._add_part(section, self.device)
        self._add_fields(section, "precision", "compile")

    def _add_choice(
        self,
        section: Section,
        field: str,
        title: str,
        options: dict[str, Any],
        attributes: tuple[str, ...] = (),
    ) -> None:
        place = Place(field)
        self._add_part(section, KindRow(self._editor, place, title, options))
        self._add_part(section, ParameterRows(self._editor, place, attributes))

    def _add_part(self, section: Section, part: KindRow | ParameterRows | ChoiceList | Any) -> None:
        section.add(part)
        self._parts.append(part)
        if hasattr(part, "renewed"):
            part.renewed.connect(self._order_tabs)

    def _add_fields(self, section: Section, *names: str) -> None:
        owner = self.tr("the recipe")
        for name in names:
            field, parameter = FIELDS[name], parameter_of(name)
            row = ParameterRow(
                parameter,
                parameter.default,
                owner,
                title=_tr(field.title),
                zero=_tr(field.zero) if field.zero else "",
                live=name in LIVE_FIELDS,
            )
            row.committed.connect(partial(edits.set_field, self._editor, row, name))
            section.add(row)
            self.rows[name] = row

    # Following

    @Slot()
    def refresh(self) -> None:
        """Show the recipe and data of the project, and what becomes of changes now."""
        project, run = self._editor.project, self._run()
        recipe, live = project.recipe, run is not None
        for part in self._parts:
            part.follow(recipe, run)
        for name, row in self.rows.items():
            row.show_value(getattr(recipe, name), self._default(name))
            row.show_run(live, run is not None and waits(name, run.recipe, recipe))
        self.rows["epochs"].field.setEnabled(not recipe.steps)
        self.data.follow(live, self._training.began.data if live else None)
        for name, text in summaries(project).items():
            self.sections[name].header.say(text)
        self.legend.setVisible(live)
        self.curve.show_recipe(recipe, self._updates(run))
        self._follow_step()
        self._timer.start() if live and self.isVisible() else self._timer.stop()

    def _default(self, name: str) -> Any:
        """PyTorch's own learning rate is another one for each optimizer."""
        option = self._editor.project.recipe.optimizer.option
        if name == "learning_rate" and isinstance(option, Optimizer):
            return option.default_rate
        return None

    def _run(self) -> Run | None:
        """The run under way, or None."""
        if not self._training.is_live:
            return None
        progress = self._engine.progress
        return Run(self._training.began.recipe, self._engine.steps_done, progress.total_steps)

    def _updates(self, run: Run | None) -> int | None:
        """Of the whole run, as far as that is known."""
        project = self._editor.project
        source = SOURCES.get(project.data.source)
        if source is not None and source.samples is not None:
            try:
                samples = source.samples(source.complete(project.data.settings))
            except DataError:  # a setting of the file is wrong: training will say so
                return None
            return length(project.recipe, samples).updates
        steps = project.recipe.steps or (run.steps if run is not None else 0)
        return -(-steps // project.recipe.accumulate) or None

    @Slot()
    def _follow_step(self) -> None:
        run = self._run()
        accumulate = self._editor.project.recipe.accumulate
        self.curve.show_update(None if run is None else -(-run.step // accumulate))

    @Slot(object)
    def _network_changed(self, changes: Changes) -> None:
        """Another network may have other outputs."""
        if changes.added or changes.removed or changes.links_added or changes.links_removed:
            self.outputs.follow(self._editor.project.recipe, self._run())

    @Slot()
    def _order_tabs(self) -> None:
        put_in_tab_order(self, self._holder)

    @Slot(str, bool)
    def _remember(self, name: str, unfolded: bool) -> None:
        preferences = self._settings.preferences
        preferences.training_sections = {**preferences.training_sections, name: unfolded}
        self._settings.save()

    def focus_first(self) -> None:
        """The keyboard goes to the first field."""
        self.sections["optimizer"].unfold()
        self.ensureVisible(0, 0)
        kind = self.findChild(QWidget, "kind-optimizer")
        assert isinstance(kind, QWidget)
        kind.setFocus()

    @guarded(None)
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._order_tabs()
        self.refresh()


def _tr(text: str) -> str:
    return QCoreApplication.translate("recipe", text)
