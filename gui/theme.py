"""Every colour, size and font of the window. No other file names a colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSizeF, Signal
from PySide6.QtGui import QColor, QFont, QPalette

GRID = 8  #: px; positions, gaps and margins are multiples of it (or of its half)
CORNER = 4  #: px, radius of node corners
DIAGRAM_MARGIN = 24  #: px around an exported diagram
MINIMAP_SIZE = QSizeF(208, 168)  #: px, at most
LEGEND_WIDTH = 208  #: px
GLIDE_MS = 200  #: how long a movement takes that shows what went where
UI_FONT = "Inter"
NUMBER_FONT = "JetBrains Mono"

#: Okabe-Ito hues: distinguishable with any colour vision. Each family has an icon besides.
FAMILY_COLORS: Mapping[str, str] = {
    "input": "#999999",
    "linear": "#0072B2",
    "convolution": "#E69F00",
    "pooling": "#56B4E9",
    "normalization": "#009E73",
    "activation": "#CC79A7",
    "regularization": "#8C6BB1",
    "recurrent": "#D55E00",
    "tensor": "#F0E442",
    "structure": "#7A8288",
    "unknown": "#B0B0B0",
}


#: Grounds of frames, by the names in a file.
FRAME_COLORS: Mapping[str, str] = {
    "grey": "#8A9096",
    "blue": "#3D8FD1",
    "orange": "#E08A2C",
    "green": "#2FA36B",
    "purple": "#9A6BC4",
    "yellow": "#D9B92E",
}


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as #RRGGBB. Text tokens reach a contrast of 4.5 on their ground."""

    name: str
    window: str
    canvas: str
    surface: str
    raised: str
    line: str
    grid: str
    text: str
    muted: str
    accent: str
    accent_text: str
    selection: str
    error: str
    error_ground: str
    warning: str
    warning_ground: str
    good: str
    #: Health of a gradient along a link.
    vanishing: str
    exploding: str
    #: Curves, in this order.
    series: tuple[str, ...]


LIGHT = Theme(
    name="light",
    window="#FAFAF8",
    canvas="#F4F4F1",
    surface="#FFFFFF",
    raised="#F0F0EC",
    line="#D9DAD6",
    grid="#E6E7E2",
    text="#1E2124",
    muted="#5C6166",
    accent="#0B66C3",
    accent_text="#FFFFFF",
    selection="#D5E5F6",
    error="#B3261E",
    error_ground="#FBE9E7",
    warning="#8A5A00",
    warning_ground="#FDF3DC",
    good="#197746",
    vanishing="#3D6FB4",
    exploding="#C2410C",
    series=("#0B66C3", "#C2410C", "#197746", "#8E44AD", "#8A5A00", "#0E7C86", "#B0306A", "#5C6166"),
)

DARK = Theme(
    name="dark",
    window="#16181B",
    canvas="#121416",
    surface="#1E2125",
    raised="#272B30",
    line="#33383E",
    grid="#1F2327",
    text="#E8EAED",
    muted="#A3A9B1",
    accent="#6FB1F2",
    accent_text="#0E1114",
    selection="#24405C",
    error="#FF8A80",
    error_ground="#3A2221",
    warning="#F2C14E",
    warning_ground="#38301B",
    good="#6FD19A",
    vanishing="#7FA9E6",
    exploding="#FF9E66",
    series=("#6FB1F2", "#FF9E66", "#6FD19A", "#C9A0E8", "#F2C14E", "#62CBD4", "#F08FB8", "#A3A9B1"),
)

THEMES: Mapping[str, Theme] = {"light": LIGHT, "dark": DARK}


class Appearance(QObject):
    """The theme in use. Widgets that draw with their own colours listen to `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        #: Nothing moves by itself; what would glide is at its end at once.
        self.reduce_motion = False

    @property
    def theme(self) -> Theme:
        return self._theme

    def use(self, name: str) -> None:
        """Switch to THEMES[name]; the application's palette follows (`gui.application`)."""
        if self._theme is not THEMES[name]:
            self._theme = THEMES[name]
            self.changed.emit()


#: One for the whole program: a palette is the application's, not a window's.
appearance = Appearance()


def color(token: str, alpha: float = 1.0) -> QColor:
    """The colour that a token such as "muted" has in the theme in use; one of a scale is #RRGGBB."""
    value = QColor(token if token.startswith("#") else getattr(appearance.theme, token))
    value.setAlphaF(alpha)
    return value


def family_color(family: str) -> QColor:
    return QColor(FAMILY_COLORS.get(family, FAMILY_COLORS["unknown"]))


def mixed(ground: QColor, ink: QColor, share: float) -> QColor:
    """`ground` with so much of `ink` in it."""
    parts = zip(_rgb(ground), _rgb(ink), strict=True)
    return QColor(*(round(first + share * (second - first)) for first, second in parts))


def _rgb(value: QColor) -> tuple[int, int, int]:
    return value.red(), value.green(), value.blue()


def ui_font(pixels: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont(UI_FONT)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font


def number_font(pixels: int = 12) -> QFont:
    font = QFont(NUMBER_FONT)
    font.setPixelSize(pixels)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def palette(theme: Theme) -> QPalette:
    """A Qt palette for the Fusion style."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, token in {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.surface,
        roles.AlternateBase: theme.raised,
        roles.Text: theme.text,
        roles.PlaceholderText: theme.muted,
        roles.Button: theme.surface,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.error,
        roles.ToolTipBase: theme.surface,
        roles.ToolTipText: theme.text,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.accent_text,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.accent,
        roles.Light: theme.raised,
        roles.Midlight: theme.raised,
        roles.Mid: theme.line,
        roles.Dark: theme.line,
        roles.Shadow: theme.line,
        roles.Accent: theme.accent,
    }.items():
        result.setColor(role, QColor(token))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return result


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio of two #RRGGBB colours, 1 … 21."""

    def luminance(value: str) -> float:
        channels = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
