"""What an empty canvas says."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRect, Qt
from PySide6.QtGui import QFont, QPainter

from gui.theme import color, ui_font


def draw(painter: QPainter, area: QRect) -> None:
    """How to begin, in the middle of the viewport."""
    translate = QCoreApplication.translate
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    column = area.adjusted(24, 0, -24, 0)
    column.setTop(area.center().y() - 36)
    painter.setPen(color("text"))
    painter.setFont(ui_font(16, QFont.Weight.Medium))
    painter.drawText(
        column, flags, translate("Canvas", "Double-click here, or press Tab, to add an Input")
    )
    column.setTop(column.top() + 32)
    painter.setPen(color("muted"))
    painter.setFont(ui_font(13))
    painter.drawText(
        column,
        flags,
        translate(
            "Canvas",
            "Tab again adds the next layer and links it. Or drag layers here from the list, and\n"
            "wires from the dot below one node to the dot above another.",
        ),
    )
