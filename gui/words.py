"""The engine's codes and values as sentences in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.messages import MESSAGES, fill
from engine.network.problem import Problem


def sentence(problem: Problem) -> str:
    """What is wrong, where and what to do, as plain text (never as rich text)."""
    template = QCoreApplication.translate("engine", MESSAGES[problem.code])
    return fill(template, problem.values)
