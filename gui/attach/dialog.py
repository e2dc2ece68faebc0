"""Asks where the run is that the window is to show."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.remote.address import parse_address, parse_link, parse_token
from gui.theme import GRID, appearance, number_font

WIDTH = 60 * GRID
ROOM = 8 * GRID  #: for three lines of what went wrong, so that the dialog does not jump


class AttachDialog(QDialog):
    """Stays open until there is a connection: what goes wrong is said where it can be corrected."""

    #: (Address, token)
    wanted = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Attach to a Run"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.address, self.token = QLineEdit(), QLineEdit()
        self.address.setPlaceholderText("127.0.0.1:5678")
        self.token.setPlaceholderText(self.tr("printed by the run"))
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setMinimumHeight(ROOM)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.attach_button = QPushButton(self.tr("Attach"))
        self.attach_button.setDefault(True)
        self._build()
        for field in (self.address, self.token):
            field.textChanged.connect(self._edited)
        self.attach_button.clicked.connect(self._attach)
        self._edited()
        self._take_from_clipboard()

    def _build(self) -> None:
        intro = QLabel(
            self.tr(
                "Shows a training that runs elsewhere. Start it with main.py train FILE --serve and "
                "paste the line that it prints into either field."
            )
        )
        intro.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID * 2)
        grid.setVerticalSpacing(GRID)
        for row, (title, field) in enumerate(
            ((self.tr("&Address"), self.address), (self.tr("&Token"), self.token))
        ):
            label = QLabel(title)
            label.setBuddy(field)
            field.setFont(number_font())
            field.setMaxLength(500)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.attach_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
        column.setSpacing(GRID * 2)
        column.addWidget(intro)
        column.addLayout(grid)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.setFixedWidth(WIDTH)

    def show_failure(self, text: str) -> None:
        self._say(text, appearance.theme.error)
        self._enable(True)
        self.address.setFocus()

    @Slot()
    def _edited(self) -> None:
        """A whole line in either field fills both."""
        for field in (self.address, self.token):
            try:
                address, token = parse_link(field.text())
            except ValueError:
                continue
            self.address.setText(str(address))
            self.token.setText(token)
        problem = self._problem()
        self._say(problem if self.address.text() and self.token.text() else "", appearance.theme.muted)
        self.attach_button.setEnabled(not problem)

    def _problem(self) -> str:
        try:
            port = parse_address(self.address.text()).port
        except ValueError:
            port = 0
        if not port:
            return self.tr("An address is a host and a port, such as 127.0.0.1:5678.")
        try:
            parse_token(self.token.text().strip())
        except ValueError:
            return self.tr("This is not the whole token: copy it to its end.")
        return ""

    @Slot()
    def _attach(self) -> None:
        if self._problem():
            return
        address = parse_address(self.address.text())
        self._say(self.tr("Connecting to {0} …").format(address), appearance.theme.muted)
        self._enable(False)
        self.wanted.emit(address, self.token.text().strip())

    def _take_from_clipboard(self) -> None:
        try:
            parse_link(QGuiApplication.clipboard().text()[:1000])
        except ValueError:
            return
        self.address.setText(QGuiApplication.clipboard().text())

    def _enable(self, on: bool) -> None:
        for widget in (self.address, self.token, self.attach_button):
            widget.setEnabled(on)

    def _say(self, text: str, ink: str) -> None:
        self.said.setText(text)
        self.said.setStyleSheet("color: {0};".format(ink))
