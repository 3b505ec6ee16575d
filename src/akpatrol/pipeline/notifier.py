"""Send notifications through Apprise. Needs the extra ``notify``.

An address may hold a token, so that no message, error or log shows one: only its scheme, and an HTTP status.
"""

from __future__ import annotations

import logging
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apprise import Apprise

    from akpatrol.report.notification import Notification

VARIABLE = "AKPATROL_NOTIFY"
FROM_ENVIRONMENT = "env"
"""The value of ``--notify`` that stands for the variable."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://\S", re.IGNORECASE)
_STATUS = re.compile(r"error=(\d{3})\b")
_INSTALL = "pip install 'akpatrol[notify]'"
_HINT = f"a URL of Apprise, @FILE with one a line, or `{FROM_ENVIRONMENT}` for {VARIABLE}"


class NotifyRequest(NamedTuple):
    """Where to send a notification, and whether only to print it."""

    to: str | None = None
    dry_run: bool = False

    @property
    def is_wanted(self) -> bool:
        """True when there is something to send or to print."""
        return self.dry_run or self.to is not None


class _Service(NamedTuple):
    """A service that takes notifications, and the scheme of its address."""

    scheme: str
    sender: Apprise


class Notifier:
    """Services to notify. Raises UsageError when it is made without Apprise, or from unusable addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._services = [_service(address, number) for number, address in enumerate(addresses, 1)]

    def send(self, notification: Notification) -> None:
        """Send a notification to every service. Raises UsageError, after the last, if one did not take it."""
        failed = [f"{one.scheme}: {reason}" for one in self._services if (reason := _refusal(one, notification))]
        if failed:
            raise UsageError(
                f"--notify: not sent by {len(failed)} of {len(self._services)}: {'; '.join(failed)}",
                "check the address and the service; --notify-dry-run shows the message",
            )


def addresses(to: str, environment: Mapping[str, str]) -> list[str]:
    """Return the addresses that ``--notify`` names. Raises UsageError if there is none or a file cannot be read."""
    if to == FROM_ENVIRONMENT:
        text, where = environment.get(VARIABLE, ""), VARIABLE
    elif to.startswith("@"):
        where = to[1:]
        try:
            with open(where, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, ValueError) as error:
            raise UsageError(f"--notify: {where}: {getattr(error, 'strerror', None) or 'not a text'}", _HINT) from None
    else:
        text, where = to, "the command line"
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise UsageError(f"--notify: no address in {where}", _HINT)
    return found


def _service(address: str, number: int) -> _Service:
    scheme = _SCHEME.match(address)
    with warnings.catch_warnings():
        # Its plugins import modules that Python deprecates.
        warnings.simplefilter("ignore")
        try:
            from apprise import Apprise  # noqa: PLC0415 - an extra
        except ImportError:
            raise UsageError(
                "--notify needs Apprise, which is not installed", "pip install 'akpatrol[notify]'"
            ) from None
        _silence()
        sender = Apprise()
        if not (scheme and _is_added(sender, address)):
            raise UsageError(f"--notify: address {number} is none that Apprise knows", _HINT)
    return _Service(scheme[1].lower(), sender)


def _silence() -> None:
    """Keep Apprise's log, which names addresses, from standard error."""
    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(logging.NullHandler())


def _is_added(sender: Apprise, address: str) -> bool:
    try:
        return bool(sender.add(address))
    except Exception:  # noqa: BLE001 - a plugin may raise anything, and its words may hold the address
        return False


def _refusal(service: _Service, notification: Notification) -> str:
    """Send a notification; return why a service did not take it, or "" if it did."""
    from apprise import LogCapture, NotifyFormat  # noqa: PLC0415 - an extra

    with LogCapture(level=logging.WARNING) as log, warnings.catch_warnings():  # type: ignore[no-untyped-call]
        warnings.simplefilter("ignore")
        try:
            is_sent = service.sender.notify(
                title=notification.title, body=notification.text, body_format=NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - as above
            return f"failed with {type(error).__name__}"
        said = log.getvalue()
    if is_sent:
        return ""
    status = _STATUS.search(said)
    return f"refused with HTTP status {status[1]}" if status else "no connection, or refused"
