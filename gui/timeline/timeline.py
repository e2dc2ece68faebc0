"""The bar below the canvas: the recorded states of a run, to go back to, to play, to go on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.amounts import bytes_text
from engine.session import EngineThread
from gui.guard import guarded
from gui.icons import icon
from gui.plotting.parts import set_ink
from gui.settings import Settings
from gui.theme import GRID, appearance, color, number_font, ui_font
from gui.timeline.player import SPEEDS, Player
from gui.timeline.seeker import Seeker
from gui.timeline.track import Track

if TYPE_CHECKING:
    from engine.telemetry.recorder import Recorder

REFRESH_MS = 500
#: MiB for the states of a run, to choose from.
BUDGETS = (100, 250, 500, 1000, 2000, 5000, 20_000)
_BUTTON = 3 * GRID
#: px of width: below SHORT the longest words give way, below NARROW all of them.
SHORT, NARROW, LEAST = 76 * GRID, 56 * GRID, 36 * GRID


class Timeline(QWidget):
    """Play and speed, the track, and on the right the way back to the present and into a new run.

    It asks the engine; what is shown then, the engine says."""

    #: Go on from the step that is shown.
    fork_wanted = Signal()
    #: The handle went to another step, or is live again.
    moved = Signal()

    def __init__(self, engine: EngineThread, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self._engine = engine
        self._settings = settings
        self.track = Track()
        self.seeker = Seeker(engine, self)
        self.player = Player(self.track, self.seeker, self)
        engine.state_bytes = settings.preferences.states_mib * 2**20
        self.track.set_linear(settings.preferences.linear_timeline)
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._connect()
        self._paint()
        self._follow()

    def _build(self) -> None:
        self.play_button = self._button(self.player.toggle)
        self.speed_button = self._button(None)
        self.speed_button.setMenu(self._speed_menu())
        self.speed_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.speed_button.setFont(number_font())
        self.speed_button.setText("1×")
        self.speed_button.setToolTip(self.tr("How fast it plays"))
        self.live_button = self._button(self.go_live)
        self.live_button.setCheckable(True)
        self.live_button.setText(self.tr("Live"))
        self.fork_button = self._button(self.fork_wanted.emit)
        self.fork_button.setText(self.tr("Continue from here"))
        for button in (self.live_button, self.fork_button):
            button.setFont(ui_font(12))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu_button = self._button(None)
        self.menu_button.setMenu(self._menu())
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setToolTip(self.tr("Disk space for states, and the scale"))
        for button in (self.speed_button, self.menu_button):
            button.setAccessibleName(button.toolTip())
            button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.where, self.usage = QLabel(), QLabel()
        self.where.setFont(number_font(11))
        self.usage.setFont(ui_font(11))
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        playing, going = QHBoxLayout(), QHBoxLayout()
        for button in (self.play_button, self.speed_button):
            playing.addWidget(button)
        playing.addStretch(1)
        for button in (self.live_button, self.fork_button, self.menu_button):
            going.addWidget(button)
        for row, column, label in ((playing, left, self.where), (going, right, self.usage)):
            row.setSpacing(GRID // 2)
            column.setSpacing(2)
            column.addLayout(row)
            column.addWidget(label)
        self.usage.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        # Its words are no reason to widen the window: they give way (resizeEvent).
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        row.addLayout(left)
        row.addWidget(self.track, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(right)
        self.setMinimumSize(LEAST, row.sizeHint().height())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _button(self, handler: object) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setFixedHeight(_BUTTON)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if handler is not None:
            button.clicked.connect(handler)
        return button

    def _speed_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        for speed in SPEEDS:
            action = group.addAction(menu.addAction("{0:g}×".format(speed)))
            action.setData(speed)
            action.setCheckable(True)
            action.setChecked(speed == 1.0)
        menu.triggered.connect(self._choose_speed)
        return menu

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        budget = menu.addMenu(self.tr("Disk space for the states of a run"))
        group = QActionGroup(menu)
        for size in BUDGETS:
            action = group.addAction(budget.addAction(_size(size * 2**20)))
            action.setData(size)
            action.setCheckable(True)
            action.setChecked(size == self._settings.preferences.states_mib)
        budget.triggered.connect(self._choose_budget)
        self.linear = menu.addAction(self.tr("Equal room for each step"))
        self.linear.setCheckable(True)
        self.linear.setChecked(self._settings.preferences.linear_timeline)
        self.linear.toggled.connect(self._choose_scale)
        return menu

    def _connect(self) -> None:
        self.track.sought.connect(self._seek)
        self.track.play_wanted.connect(self.player.toggle)
        self.seeker.arrived.connect(self._arrived)
        self.player.changed.connect(self._paint)
        self._engine.states_changed.connect(self._follow)
        self._engine.state_changed.connect(self._state_changed)
        appearance.changed.connect(self._paint)

    # For the window

    @property
    def has_states(self) -> bool:
        """Whether there is anything to go back to."""
        return bool(self.track.states)

    @property
    def viewed(self) -> int | None:
        """The recorded step at the handle; None while it is live."""
        return None if self.track.is_live else self.track.step

    def start_run(self, recorder: Recorder) -> None:
        self.player.stop()
        self.track.set_run(recorder)
        self._follow()
        self._state_changed()

    def clear(self) -> None:
        """No run is open."""
        self.player.stop()
        self._timer.stop()
        self.track.set_run(None)
        self._say()

    @Slot()
    def go_live(self) -> None:
        self.player.stop()
        self.track.setValue(self.track.maximum())
        self._say()  # also when it was live: a click has taken the button's mark away

    @Slot()
    def earlier(self) -> None:
        self.track.setValue(self.track.value() - 1)

    @Slot()
    def later(self) -> None:
        self.track.setValue(self.track.value() + 1)

    # What happens

    @Slot()
    def _follow(self) -> None:
        """The engine has recorded or thinned out states."""
        self.track.set_states(self._engine.states)
        self._say_usage()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        if self.isVisible():
            self.track.refresh()
        self._say()

    @Slot()
    def _state_changed(self) -> None:
        if self._engine.state == "running":
            self._timer.start()
        else:
            self._timer.stop()
            self.refresh()

    @Slot(object)
    def _seek(self, step: int | None) -> None:
        if self.track.isSliderDown():
            self.player.stop()
        self.seeker.seek(step)
        self._say()
        self.moved.emit()

    @Slot(object)
    def _arrived(self, step: int | None) -> None:
        """What the engine shows is what the handle says, unless the hand is ahead of it."""
        if not self.track.isSliderDown() and self.seeker.wish == step:
            self.track.show_viewed(step)
        self._say()
        self.moved.emit()

    @Slot(QAction)
    def _choose_speed(self, action: QAction) -> None:
        self.player.set_speed(action.data())
        self.speed_button.setText(action.text())

    @Slot(QAction)
    def _choose_budget(self, action: QAction) -> None:
        self._settings.preferences.states_mib = action.data()
        self._settings.save()
        self._engine.state_bytes = action.data() * 2**20
        self._say_usage()

    @Slot(bool)
    def _choose_scale(self, linear: bool) -> None:
        self._settings.preferences.linear_timeline = linear
        self._settings.save()
        self.track.set_linear(linear)

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, words give way to the track."""
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        for button, least in ((self.live_button, NARROW), (self.fork_button, SHORT)):
            wide = self.width() >= least
            button.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if wide else style.ToolButtonIconOnly
            )
        self.usage.setVisible(self.width() >= NARROW)

    # Words and colours

    def _say(self) -> None:
        live = self.track.is_live
        self.live_button.setChecked(live)
        newest = format(self.track.newest, ",")
        # The track is not to move when the numbers change.
        widest = self.where.fontMetrics().horizontalAdvance("{0} / {0}".format(newest))
        self.where.setMinimumWidth(widest)
        if live:
            self.where.setText(newest)
            self.live_button.setToolTip(self.tr("Everything shows the newest step"))
        else:
            self.where.setText("{0} / {1}".format(format(self.track.step, ","), newest))
            self.live_button.setToolTip(self.tr("Return to the newest step"))
        self.where.setToolTip(self.tr("The step that is shown, of all steps"))
        self.fork_button.setEnabled(not live)
        if live:
            text = self.tr("Go back to a recorded step first: a new run can go on from there.")
        else:
            text = self.tr(
                "End this run, which stays in the history, and begin a new one from step {0} "
                "with the recipe as it is now"
            ).format(format(self.track.step, ","))
        self.fork_button.setToolTip(text)
        self.play_button.setEnabled(self.has_states)

    @Slot()
    def _say_usage(self) -> None:
        count, used = len(self.track.states), self._engine.states_on_disk
        budget = self._settings.preferences.states_mib * 2**20
        text = self.tr("1 state") if count == 1 else self.tr("{0} states").format(count)
        words = self.tr("{0}, {1} of {2}").format(text, _size(used), _size(budget))
        self.usage.setText(words if count else "")
        self.usage.setToolTip(
            self.tr("What the recorded states of this run take on the disk, and may take")
        )

    @Slot()
    def _paint(self) -> None:
        playing = self.player.playing
        name = "pause" if playing else "train"
        self.play_button.setIcon(icon(name, color("muted")))
        words = self.tr("Hold here") if playing else self.tr("Play the recorded states")
        self.play_button.setToolTip(words)
        self.play_button.setAccessibleName(words)
        self.live_button.setIcon(icon("live", color("good")))
        self.fork_button.setIcon(icon("fork", color("muted")))
        self.menu_button.setIcon(icon("more", color("muted")))
        theme = appearance.theme
        self.setStyleSheet(
            "#timeline {{ background: {0}; border-top: 1px solid {1}; }}".format(
                theme.window, theme.line
            )
        )
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for label in (self.where, self.usage):
            set_ink(label, "muted")  # the style sheet would take it away again
        self._say()
        self._say_usage()


def _size(count: int) -> str:
    """500 MiB, 17.5 MiB."""
    return bytes_text(count).replace(".0 ", " ")
