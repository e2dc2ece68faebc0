"""Both themes can be read; numbers get their colours the same way everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import resources
from gui.actions import COMMANDS
from gui.colors import colored, diverging_table, magnitude_table
from gui.icons import pixmap
from gui.theme import FAMILY_COLORS, THEMES, Theme, appearance, contrast

both = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


@both
def test_text_reaches_a_contrast_of_4_5(theme: Theme) -> None:
    grounds = (theme.window, theme.surface, theme.raised, theme.canvas)
    for ground in grounds:
        for token in ("text", "muted", "accent", "error", "warning", "good"):
            assert contrast(getattr(theme, token), ground) >= 4.5, (token, ground)
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert contrast(theme.error, theme.error_ground) >= 4.5
    assert contrast(theme.warning, theme.warning_ground) >= 4.5
    assert contrast(theme.text, theme.selection) >= 4.5


@both
def test_lines_and_curves_can_be_told_from_their_ground(theme: Theme) -> None:
    for colour in (*theme.series, theme.vanishing, theme.exploding, theme.good):
        assert contrast(colour, theme.surface) >= 3.0
        assert contrast(colour, theme.canvas) >= 3.0


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_signed_values_are_centred_on_zero(qtbot: QtBot) -> None:
    values = np.array([[-2.0, 0.0, 2.0]])
    left, middle, right = colored(values)[0]
    table = diverging_table()
    assert (left == table[0]).all()
    assert (np.abs(middle.astype(int) - table[127]) <= 2).all()
    assert (right == table[255]).all()


def test_magnitudes_run_over_the_whole_map() -> None:
    low, high = colored(np.array([[0.0, 5.0]]))[0]
    assert (low == magnitude_table()[0]).all()
    assert (high == magnitude_table()[255]).all()


def test_values_that_are_no_numbers_do_no_harm() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]])
    assert colored(values).shape == (1, 4, 3)
    assert colored(np.zeros((0, 0))).shape == (0, 0, 3)
    assert colored(np.zeros((2, 2))).shape == (2, 2, 3)


def test_every_icon_that_is_named_is_there(qtbot: QtBot) -> None:
    names = {command.icon for command in COMMANDS.values() if command.icon}
    names |= {f"family-{family}" for family in FAMILY_COLORS}
    for name in names:
        picture = pixmap(name, appearance.theme.text).toImage()
        opaque = sum(picture.pixelColor(x, y).alpha() > 0 for x in range(16) for y in range(16))
        assert opaque > 8, name
        assert resources.path("icons", f"{name}.svg").exists()
