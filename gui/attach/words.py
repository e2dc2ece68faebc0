"""Why there is no connection, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.messages import shown
from engine.remote.address import Address
from engine.remote.client import Code, ConnectionFailed


def _(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("attach", text))


#: {0}: the address, {1}: what the system or the check said.
_WORDS: Mapping[Code, str] = {
    "unknown_host": _("There is no machine named like that in {0}. Check the name."),
    "unreachable": _(
        "Nothing answers at {0}: {1}. Is the run still served there? Another machine may have to be "
        "reached through ssh -L."
    ),
    "no_answer": _("{0} does not answer. Check the address, or whether a firewall is in between."),
    "not_backlit": _("What answers at {0} is no run of Backlit, or damaged. Check the port."),
    "lost": _("The connection to {0} was lost."),
    "token": _("{0} does not accept this token. Copy the whole line that the run printed."),
    "too_often": _("{0} was given wrong tokens too often. Wait a minute, then try again."),
    "version": _("{0} is served by another version of Backlit. Use the same on both sides."),
    "full": _("{0} has as many watchers as it takes. Detach another one first."),
    "protocol": _("{0} does not understand this version. Use the same on both sides."),
    "bad_project": _("The network that {0} sent cannot be opened. {1}"),
    "other_run": _("Another run is served at {0} now. Attach again to see it."),
}


def failure_text(failure: ConnectionFailed, address: Address) -> str:
    """A sentence, plain text."""
    template = QCoreApplication.translate("attach", _WORDS[failure.code])
    return template.format(shown(address), shown(failure.detail or failure.code))
