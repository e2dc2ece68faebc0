"""Data sets are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import SOURCES, DataError, load
from engine.messages import sentence
from engine.recipe.recipe import DataChoice


@pytest.mark.parametrize("name", SOURCES)
def test_samples_and_labels_fit_the_declaration(name: str) -> None:
    source, data = SOURCES[name], load(DataChoice(source=name))
    for x, y in ((data.train_x, data.train_y), (data.val_x, data.val_y)):
        assert x.shape[1:] == source.sample
        assert len(x) == len(y)
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert set(np.unique(y)) == set(range(len(source.classes)))
        assert np.isfinite(x).all()


def test_mnist_is_split_as_its_notice_says() -> None:
    data = load(DataChoice(source="mnist-10k"))
    assert (len(data.train_x), len(data.val_x)) == (8000, 2000)
    assert 0.0 <= data.train_x.min() < data.train_x.max() == 1.0
    train = {image.tobytes() for image in data.train_x}
    shared = sum(image.tobytes() in train for image in data.val_x)
    assert shared == 0, "validation digits must not be among the training digits"


def test_generated_points_follow_from_their_seed() -> None:
    def points(seed: int) -> np.ndarray:
        return load(DataChoice(source="spiral", settings={"seed": seed})).train_x

    assert np.array_equal(points(1), points(1))
    assert not np.array_equal(points(1), points(2))


def test_xor_without_noise_is_exclusive_or() -> None:
    data = load(DataChoice(source="xor", settings={"noise": 0.0}))
    assert ((data.train_x.prod(axis=1) < 0) == (data.train_y == 1)).all()


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (DataChoice(source="nothing"), "unknown_data"),
        (DataChoice(source="xor", settings={"samples": -1}), "bad_data_setting"),
        (DataChoice(source="xor", settings={"noise": "much"}), "bad_data_setting"),
    ],
)
def test_impossible_choices_say_what_there_is(choice: DataChoice, code: str) -> None:
    with pytest.raises(DataError) as error:
        load(choice)
    assert error.value.problem.code == code
    assert "{" not in sentence(error.value.problem)
