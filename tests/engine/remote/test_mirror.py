"""A recorder and its copy elsewhere: whatever happens to the one, the other becomes equal."""

from __future__ import annotations

import numpy as np
import pytest

from engine.remote import mirror
from engine.remote.codec import ProtocolError
from engine.remote.messages import FROM_SERVER, Follow, News, Values
from engine.remote.mirror import Reading, add, known
from engine.remote.protocol import SERVER, Decoder, encode
from engine.telemetry.frame import LayerGradient
from engine.telemetry.recorder import Mark, Recorder, Validation

NODES = frozenset({"a", "b"})


def fill(recorder: Recorder, steps: int) -> None:
    """So many steps more, each tenth of them watched."""
    first = recorder.newest_step + 1
    values = np.arange(2 * steps, dtype=np.float32).reshape(steps, 2) + first
    recorder.add_scalars(first, ("loss", "accuracy"), values)
    for step in range(first, first + steps, 10):
        recorder.add_gradients(step, {node: LayerGradient(step, 1.0, 0.5) for node in NODES})
    newest = first + steps - 1
    recorder.add_validation(Validation(1, newest, {"loss": 1.0}, {"loss": float("nan")}, 3.0))
    recorder.add_mark(Mark(newest, "best", {"loss": 0.5, "why": "smaller"}))


def pass_on(reading: Reading, copy: Recorder) -> int:
    """All that is new, over the wire; how many messages it took."""
    count = 0
    while (news := reading.news()) is not None:
        (arrived,) = Decoder(FROM_SERVER, SERVER).feed(encode(news))
        add(arrived, copy, NODES)
        count += 1
    return count


def assert_equal(copy: Recorder, original: Recorder) -> None:
    for family in mirror.FAMILIES:
        copies, originals = getattr(copy, family), getattr(original, family)
        assert copies.keys() == originals.keys()
        for name, series in originals.items():
            assert copies[name].view().steps.tolist() == series.view().steps.tolist()
            assert copies[name].view().last.tolist() == series.view().last.tolist()
    assert repr(copy.validations) == repr(original.validations)
    assert copy.marks == original.marks


def test_a_copy_follows_and_goes_on_after_a_break() -> None:
    original, copy = Recorder(1, 100), Recorder(1, 100)
    reading = Reading(original, Follow())
    assert reading.news() is None
    for steps in (1, 57, 300):
        fill(original, steps)
        assert pass_on(reading, copy) == 1
        assert_equal(copy, original)
    fill(original, 40)
    assert pass_on(Reading(original, known(copy)), copy) == 1
    assert_equal(copy, original)


def test_a_run_that_went_back_is_followed() -> None:
    original, copy = Recorder(1, 100), Recorder(1, 100)
    reading = Reading(original, Follow())
    fill(original, 100)
    fill(original, 100)
    pass_on(reading, copy)
    original.truncate(100)
    pass_on(reading, copy)
    assert_equal(copy, original)
    fill(original, 20)
    pass_on(reading, copy)
    assert_equal(copy, original)


def test_a_long_run_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "PIECE", 64)
    monkeypatch.setattr(mirror, "MOST_VALUES", 100)
    monkeypatch.setattr(mirror, "ROWS", 2)
    original, copy = Recorder(1, 100), Recorder(1, 100)
    for _ in range(5):
        fill(original, 200)
    assert pass_on(Reading(original, Follow()), copy) > 10
    assert_equal(copy, original)


def test_a_run_longer_than_its_memory_keeps_its_course() -> None:
    """Without a folder only means of neighbours are left of the beginning."""
    original, copy = Recorder(1, 100), Recorder(1, 100)
    original.add_scalars(1, ("loss",), np.linspace(10, 0, 100_000, dtype=np.float32)[:, None])
    pass_on(Reading(original, Follow()), copy)
    points = copy.scalars["loss"].view()
    assert points.steps[-1] == 100_000
    np.testing.assert_allclose(points.mean, 10 - points.steps / 1e4, atol=0.01)


@pytest.mark.parametrize(
    "news",
    [
        News({"scalars/loss": Values(np.array([0]), np.ones(1, np.float32))}),
        News({"scalars/loss": Values(np.array([1, 1]), np.ones(2, np.float32))}),
        News({"scalars/loss": Values(np.array([1.0]), np.ones(1, np.float32))}),  # type: ignore[arg-type]
        News({"scalars/loss": Values(np.array([[1]]), np.ones((1, 1), np.float32))}),
        News({"update_ratios/stranger": Values(np.array([1]), np.ones(1, np.float32))}),
        News({"add_mark/x": Values(np.array([1]), np.ones(1, np.float32))}),
        News({f"scalars/{at}": Values(np.array([1]), np.ones(1, np.float32)) for at in range(300)}),
    ],
    ids=range(7),
)
def test_what_no_run_has_is_refused(news: News) -> None:
    with pytest.raises(ProtocolError):
        add(news, Recorder(1, 100), NODES)
