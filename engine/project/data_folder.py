"""Where the program keeps what the user never chose a place for: the library, runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_dir


def data_folder() -> Path:
    """BACKLIT_DATA names another place, as tests do."""
    return Path(os.environ.get("BACKLIT_DATA") or user_data_dir("backlit", appauthor=False))
