"""What the program remembers between starts: one validated model, stored as an INI file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_config_dir
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from PySide6.QtCore import QByteArray, QSettings

RECENT_FILES = 8
RECENT_COMMANDS = 6


class Preferences(BaseModel):
    """`panel_budget` is the share of wall time that panels and canvas may use for live redraws."""

    model_config = ConfigDict(validate_assignment=True)

    theme: Literal["system", "light", "dark"] = "system"
    panel_budget: float = Field(default=0.08, ge=0.01, le=1.0)
    reduce_motion: bool = False
    minimap: bool = True
    #: What the canvas shows (`gui.canvas.lenses`) while one draws, and while there is a run.
    lens: str = "structure"
    run_lens: str = "gradients"
    legend: bool = True
    previews: bool = True
    #: Sections of the Training dock that were folded or unfolded by hand.
    training_sections: dict[str, bool] = Field(default_factory=dict, max_length=100)
    timeline: bool = True
    linear_timeline: bool = False
    #: Disk space for the recorded states of a run, in MiB.
    states_mib: int = Field(default=500, ge=10, le=1_000_000)
    recent_files: list[str] = Field(default_factory=list, max_length=RECENT_FILES)
    recent_commands: list[str] = Field(default_factory=list, max_length=RECENT_COMMANDS)


class Settings:
    """Preferences and window layout. BACKLIT_CONFIG names another folder, as tests do."""

    def __init__(self) -> None:
        folder = os.environ.get("BACKLIT_CONFIG") or user_config_dir("backlit", appauthor=False)
        self._store = QSettings(str(Path(folder) / "backlit.ini"), QSettings.Format.IniFormat)
        self.preferences = self._load()

    def _load(self) -> Preferences:
        text = self._store.value("preferences", "{}")
        try:
            return Preferences.model_validate_json(str(text))
        except ValidationError:  # of another version, or edited by hand: start from the defaults
            return Preferences()

    def save(self) -> None:
        self._store.setValue("preferences", self.preferences.model_dump_json())

    def remember_file(self, path: Path) -> None:
        others = [name for name in self.preferences.recent_files if name != str(path)]
        self.preferences.recent_files = [str(path), *others][:RECENT_FILES]
        self.save()

    def forget_file(self, path: Path) -> None:
        kept = [name for name in self.preferences.recent_files if name != str(path)]
        self.preferences.recent_files = kept
        self.save()

    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Geometry and dock state of the last window, or None at the first start."""
        geometry, state = self._store.value("geometry"), self._store.value("state")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            return geometry, state
        return None

    def save_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        self._store.setValue("geometry", geometry)
        self._store.setValue("state", state)
        self._store.sync()
