"""The mailbox holds one frame."""

from __future__ import annotations

from engine.telemetry.frame import Frame
from engine.telemetry.mailbox import Mailbox


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
