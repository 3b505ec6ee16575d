"""The protocol of a log service, and the values that it gives.

What a service holds under one name (an index, for instance) is divided into ranges that do not change once they are
full. So a log that grows is read from where an earlier run ended, and any worker reads any range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.errors import AkpatrolError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from akpatrol.model.scan import Skipped


class LogError(AkpatrolError):
    """A log service does not give something; the message is the reason and holds nothing that a server sent."""


class NotInServiceError(LogError):
    """Something that the service does not hold, or hides."""


class LogMark(NamedTuple):
    """A digest that changes with every document, None where the service tells too little; and the size in bytes."""

    digest: str | None
    size: int


class LogRange(NamedTuple):
    """A range of what is held under a name: from ``start`` up to and without ``end``, in one ``part`` of it.

    ``identity`` tells it from what was there before under the same name. Without an ``end`` it is everything. Nothing
    will be added to a range that ``is_settled``. ``shown`` names it in messages.
    """

    identity: str
    part: str = ""
    start: int = 0
    end: int = 0
    is_settled: bool = False
    shown: str = ""


class LogDocument(NamedTuple):
    """A document: its ``path`` behind the service's address, its ``text``, its time (RFC 3339 in UTC) or ""."""

    path: str
    text: bytes
    date: str = ""
    version: str = ""


class LogService(Protocol):
    """A service. The methods raise LogError."""

    def names(self, pattern: str) -> Iterator[str | Skipped]:
        """Yield the names that a pattern means, "" all of them, and a skip for each that cannot be read."""

    def mark(self, name: str) -> LogMark:
        """Return what changes as soon as anything under a name does."""

    def ranges(self, name: str) -> Iterator[LogRange | Skipped]:
        """Yield the ranges of all that is held under a name."""

    def documents(self, name: str, extent: LogRange) -> Generator[LogDocument | Skipped, None, None]:
        """Yield the documents in a range, and a skip for each part that cannot be read.

        Its end, also an early one by ``close``, ends what the service keeps for it.
        """

    def close(self) -> None:
        """End all connections."""
