"""Asks the engine for recorded steps no faster than it shows them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.session import EngineThread

#: An answer that takes longer does not come: the state may be gone from the disk.
PATIENCE_MS = 3000


class Seeker(QObject):
    """One request is on its way at most; of those made meanwhile only the newest counts."""

    #: The step that is shown now, or None: the newest.
    arrived = Signal(object)

    def __init__(self, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._wish: int | None = None
        self._asked: int | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)
        engine.viewed_changed.connect(self._answered)
        engine.not_kept.connect(self._give_up)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._patience.isActive()

    @property
    def wish(self) -> int | None:
        """What was asked for last."""
        return self._wish

    def seek(self, step: int | None) -> None:
        """Show this recorded step, or with None return to live."""
        self._wish = step
        if not self.busy:
            self._ask()

    def _ask(self) -> None:
        self._asked = self._wish
        if self._asked == self._engine.viewed:
            return
        self._patience.start()
        if self._asked is None:
            self._engine.return_to_live()
        else:
            self._engine.go_to(self._asked)

    @Slot(object)
    def _answered(self, step: int | None) -> None:
        self._patience.stop()
        if self._wish == self._asked:
            self._wish = step  # the engine may have taken the nearest, or returned by itself
        self.arrived.emit(step)
        if self._wish != step:
            self._ask()

    @Slot()
    def _give_up(self) -> None:
        if not self.busy and self._wish == self._engine.viewed:
            return
        self._patience.stop()
        self._wish = self._engine.viewed
        self.arrived.emit(self._wish)
