"""Mailbox and recorder under two threads."""

from __future__ import annotations

from threading import Thread

import numpy as np

from engine.telemetry.frame import Frame, LayerGradient
from engine.telemetry.mailbox import Mailbox
from engine.telemetry.recorder import Recorder, Series


def test_the_newest_frame_wins_and_one_signal_is_due() -> None:
    box = Mailbox()
    assert not box.wanted
    box.request()
    assert box.wanted
    assert box.put(Frame(1, 1, 1))
    assert not box.wanted
    assert not box.put(Frame(1, 2, 1))
    frame = box.take()
    assert frame is not None
    assert frame.step == 2
    assert box.take() is None


def test_a_view_never_changes_while_the_series_grows() -> None:
    series = Series()
    failures: list[str] = []

    def write() -> None:
        for start in range(0, 200_000, 100):
            series.append(np.arange(start, start + 100, dtype=np.float32))

    def read() -> None:
        while thread.is_alive():
            view = series.view()
            if not np.array_equal(view, np.arange(len(view), dtype=np.float32)):
                failures.append(f"wrong at length {len(view)}")

    thread = Thread(target=write)
    thread.start()
    read()
    thread.join()
    assert failures == []
    assert len(series) == 200_000


def test_update_ratio_is_update_over_weight() -> None:
    recorder = Recorder(1, 10)
    recorder.add_gradients(5, {"a": LayerGradient(gradient=2.0, weight=4.0, update=0.004)})
    assert recorder.gradient_steps.view().tolist() == [5]
    assert recorder.gradient_norms["a"].view().tolist() == [2.0]
    np.testing.assert_allclose(recorder.update_ratios["a"].view(), [1e-3])
    assert LayerGradient(1.0, 0.0, 1.0).ratio == 0.0
