"""The engine's codes and values as sentences in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.build.fix import Fix
from engine.messages import FIXES, MESSAGES, fill
from engine.network.problem import Problem


def sentence(problem: Problem) -> str:
    """What is wrong, where and what to do, as plain text (never as rich text)."""
    template = QCoreApplication.translate("engine", MESSAGES[problem.code])
    return fill(template, problem.values)


def fix_title(fix: Fix) -> str:
    """What a button says that makes the change."""
    return fill(QCoreApplication.translate("engine", FIXES[fix.code][0]), fix.values)


def fix_effect(fix: Fix) -> str:
    """What the change does, with the shape that comes of it."""
    return fill(QCoreApplication.translate("engine", FIXES[fix.code][1]), fix.values)
