"""The states of one run on disk, written beside the training and thinned to a budget."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from engine.project.errors import FileProblem
from engine.runs import state_file
from engine.runs.retention import is_spaced, surplus
from engine.runs.state import State
from engine.runs.stored import Stored, file_name, scan, spare

#: Memory for states that wait for the disk; the newest and the best wait whatever they need.
WAITING_BYTES = 256 * 2**20


class StateStore:
    """The states of one run. `put` returns at once; at most one thread writes, and it lives no longer
    than there is something to write, so a store that nobody closes holds up nothing.

    folder: where the states lie (`RunFolder.states`); it is made when it is needed.
    budget_bytes: what they may need together; may be changed at any time, and counts from the next
        `put` on. For a moment they need more: the new one is on disk before an old one goes.
    saved: called with the step of a state that is on disk; failed: with a problem, once for a row of
        equal ones. Both are called in the writing thread.

    Any thread may call any method.
    """

    def __init__(
        self,
        folder: Path,
        budget_bytes: int,
        saved: Callable[[int], None] | None = None,
        failed: Callable[[FileProblem], None] | None = None,
    ) -> None:
        self.folder = folder
        self.budget_bytes = budget_bytes
        self._saved = saved
        self._failed = failed
        self._lock = threading.Lock()
        self._stored = scan(folder)
        self._waiting: dict[int, tuple[State, bool]] = {}
        self._writer: threading.Thread | None = None
        self._busy = False
        self._closed = False
        self._told = ""

    def put(self, state: State, *, keep: bool = False) -> None:
        """Have a state written. With `keep` it is the best so far and stays until a better one comes.
        While the disk is slow, states that are neither newest, best nor spaced are dropped."""
        with self._lock:
            if self._closed:
                raise ValueError("the store is closed")
            _, kept = self._waiting.get(state.step, (state, False))
            self._waiting[state.step] = (state, keep or kept)
            self._drop()
            if not self._busy:
                self._writer = threading.Thread(target=self._write_all, name="states")
                self._writer.start()
                self._busy = True  # it waits for the lock first

    def steps(self) -> tuple[int, ...]:
        """The steps whose state is on disk, ascending."""
        with self._lock:
            return tuple(sorted(self._stored))

    @property
    def best(self) -> int | None:
        """The step of the best state."""
        with self._lock:
            return max((step for step, one in self._stored.items() if one.best), default=None)

    @property
    def bytes(self) -> int:
        """What the states need on disk."""
        with self._lock:
            return sum(one.size for one in self._stored.values())

    def nearest(self, step: int) -> int | None:
        """The step with a state that is closest to `step`; of two the earlier."""
        return min(self.steps(), key=lambda other: (abs(other - step), other), default=None)

    def load(self, step: int) -> State:
        """Raises FileProblem, also when the state has been thinned out meanwhile."""
        with self._lock:
            stored = self._stored.get(step)
        if stored is None:
            raise FileProblem("no_state", step=step).of(self.folder)
        try:
            return state_file.read(stored.path)
        except FileProblem as problem:
            if stored.path.exists():
                raise
            raise FileProblem("no_state", step=step).of(self.folder) from problem

    def load_newest(self) -> State | None:
        """The newest state that is whole: after a power cut the last file may be damaged. None when
        there is none."""
        for step in reversed(self.steps()):
            with contextlib.suppress(FileProblem):
                return self.load(step)
        return None

    def truncate(self, step: int) -> None:
        """Forget the states after `step`: a run that is resumed there goes another way."""
        with self._lock:
            self._waiting = {at: one for at, one in self._waiting.items() if at <= step}
        self.flush()
        with self._lock:
            self._delete([one for at, one in self._stored.items() if at > step])

    def flush(self) -> None:
        """Wait until nothing waits for the disk any more."""
        while True:
            with self._lock:
                writer, busy = self._writer, self._busy
            if writer is None or writer is threading.current_thread():
                return
            writer.join()
            if not busy:
                return

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._lock:
            self._closed = True
        self.flush()

    def _drop(self) -> None:
        """Bound what waits."""
        kept = [step for step, (_, keep) in self._waiting.items() if keep]
        pinned = {max(self._waiting), *([max(kept)] if kept else [])}
        for step in list(self._waiting):
            if step not in pinned and not is_spaced(step):
                del self._waiting[step]
        sizes = {step: state.bytes for step, (state, _) in self._waiting.items()}
        for step in surplus(sizes, WAITING_BYTES, pinned):
            del self._waiting[step]

    def _write_all(self) -> None:
        try:
            while True:
                with self._lock:
                    if not self._waiting:
                        self._busy = False
                        return
                    step = min(self._waiting)
                    state, keep = self._waiting.pop(step)
                self._write(state, keep)
                del state  # while it waits for the lock, it is not to hold the memory
        except BaseException:
            with self._lock:
                self._busy = False
            raise

    def _write(self, state: State, keep: bool) -> None:
        step = state.step
        with self._lock:
            old = self._stored.get(step)
        best = keep or (old is not None and old.best)
        path = self.folder / file_name(step, best)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            size = state_file.write(path, state)
        except (FileProblem, OSError, MemoryError, RuntimeError) as error:
            self._tell(step, error)
            return
        with self._lock:
            self._stored[step] = Stored(path, step, size, best)
            if old is not None and old.path != path:
                with contextlib.suppress(OSError):
                    old.path.unlink()
            self._delete(spare(self._stored, self.budget_bytes))
            self._told = ""
        if self._saved is not None:
            self._saved(step)

    def _delete(self, unwanted: list[Stored]) -> None:
        for one in unwanted:
            with contextlib.suppress(OSError):  # it stays in the list, and in the budget
                one.path.unlink(missing_ok=True)
                del self._stored[one.step]

    def _tell(self, step: int, error: Exception) -> None:
        """Nothing is deleted for a state that could not be written, and the run goes on."""
        reason = error.found if isinstance(error, FileProblem) else f"{str(error)[:200]}."
        with self._lock:
            self._stored = scan(self.folder)  # it may be in place all the same
            again, self._told = self._told == reason, reason
        free = 0
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.folder).free // 2**20
        problem = FileProblem("state_not_saved", step=step, reason=reason, free=free)
        if self._failed is not None and not again:
            self._failed(problem.of(self.folder))
