"""Log groups of Amazon CloudWatch, read by windows of time.

An event may come up to 14 days after its own time, so what is older is settled, and read once.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/ (DescribeLogGroups, DescribeLogStreams,
FilterLogEvents; PutLogEvents for what is accepted).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from akpatrol.sources import aws
from akpatrol.sources.logs.service import LogDocument, LogError, LogMark, LogRange, NotInServiceError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from akpatrol.model.scan import Skipped
    from akpatrol.sources.logs.address import LogAddress

_HOUR, _DAY = 3_600_000, 86_400_000  # milliseconds, as all times of this API
_LATE, _EARLY = 14 * _DAY, 2 * _HOUR  # how far behind, and ahead of, its time an event may come
_WINDOWS = (30 * _DAY, 7 * _DAY, _DAY, 6 * _HOUR, _HOUR, _HOUR // 6)
_WINDOW_BYTES = 64 << 20
_MOST_PAGES = 100_000  # of one window
_STREAMS = 50  # whose last events the mark holds: those with the newest
_DENIED = "access denied: the credentials need logs:DescribeLogGroups, logs:DescribeLogStreams and logs:FilterLogEvents"
_REFUSED = "CloudWatch does not accept the credentials, or no longer"
_REASONS = {
    "AccessDeniedException": LogError(_DENIED),
    **dict.fromkeys(
        ("UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException"), LogError(_REFUSED)
    ),
    "ResourceNotFoundException": NotInServiceError("there is no such log group"),
}


class CloudWatch:
    """See ``LogService``; a name is that of a log group. ``now`` is in milliseconds since 1970."""

    def __init__(self, client: Any, now: int) -> None:
        self._client = client
        self._now = now

    def names(self, pattern: str) -> Iterator[str | Skipped]:
        """Yield the log groups that a pattern means, with a slash before it or without."""
        patterns = [pattern or "*"] if pattern[:1] in ("", "/", "*") else [pattern, f"/{pattern}"]
        for one in patterns:
            for group in self._groups(one.partition("*")[0]):
                if fnmatchcase(str(group["logGroupName"]), one):
                    yield str(group["logGroupName"])

    def mark(self, name: str) -> LogMark:
        """Return a digest of the group, and of the last events of the streams with the newest ones."""
        group = self._group(name)
        with aws.explained(LogError, _REASONS):
            answer = self._client.describe_log_streams(
                logGroupName=name, orderBy="LastEventTime", descending=True, limit=_STREAMS
            )
        streams = [
            [stream.get(key) for key in ("logStreamName", "creationTime", "lastEventTimestamp", "lastIngestionTime")]
            for stream in answer.get("logStreams", ())
        ]
        facts = [group.get("creationTime"), group.get("storedBytes"), group.get("retentionInDays"), streams]
        return LogMark(sha256(repr(facts).encode()).hexdigest(), int(group.get("storedBytes", 0)))

    def ranges(self, name: str) -> Iterator[LogRange | Skipped]:
        """Yield windows that begin at multiples of their length, shorter ones where more is stored."""
        group = self._group(name)
        created, stored = int(group.get("creationTime", 0)), int(group.get("storedBytes", 0))
        first, end = max(0, created - _LATE), self._now + _EARLY
        window = next((one for one in _WINDOWS if stored * one <= _WINDOW_BYTES * max(_DAY, end - first)), _WINDOWS[-1])
        if days := group.get("retentionInDays"):
            first = max(first, self._now - (int(days) + 1) * _DAY)
        for start in range(first - first % window, end, window):
            shown = f"{_moment(start)} to {_moment(start + window)}"
            yield LogRange(str(created), "", start, start + window, start + window < self._now - _LATE, shown)

    def documents(self, name: str, extent: LogRange) -> Generator[LogDocument | Skipped, None, None]:
        """Yield the events of a window."""
        wanted = {"logGroupName": name, "startTime": extent.start, "endTime": extent.end - 1}
        seen: set[str] = set()
        while True:
            with aws.explained(LogError, _REASONS):
                page = self._client.filter_log_events(**wanted)
            for event in page.get("events", ()):
                moment, stream = int(event.get("timestamp", extent.start)), str(event.get("logStreamName", ""))
                text = str(event.get("message", "")).encode("utf-8", "surrogatepass")
                yield LogDocument(f"{name}/{stream}/{event.get('eventId', moment)}", text, _moment(moment), stream)
            token = page.get("nextToken")
            if not token:
                return
            # A page may be empty although others follow.
            if token in seen or len(seen) == _MOST_PAGES:
                raise LogError("CloudWatch returns too many pages")
            seen.add(token)
            wanted["nextToken"] = token

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def _groups(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        wanted = {"logGroupNamePrefix": prefix} if prefix else {}
        pages = iter(self._client.get_paginator("describe_log_groups").paginate(**wanted))
        while True:
            with aws.explained(LogError, _REASONS):
                page = next(pages, None)
            if page is None:
                return
            yield from page.get("logGroups", ())

    def _group(self, name: str) -> Mapping[str, Any]:
        for group in self._groups(name):
            if group["logGroupName"] == name:
                return group
        raise NotInServiceError("there is no such log group")


def open_service(address: LogAddress) -> CloudWatch:
    """Return the service in a region. Raises LogError."""
    with aws.explained(LogError, _REASONS):
        return CloudWatch(aws.client("logs", region=address.host), int(time.time() * 1000))


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
