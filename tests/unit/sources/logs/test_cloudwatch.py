"""Log groups, as CloudWatch lists them, and answers that never end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from akpatrol.sources.logs.cloudwatch import CloudWatch
from akpatrol.sources.logs.service import LogDocument, LogError, LogRange, NotInServiceError

_DAY = 86_400_000
_NOW = 20_400 * _DAY
_WINDOW = LogRange("x", "", _NOW, _NOW + _DAY)


class Client:
    """Answers as botocore does; ``pages`` are those of FilterLogEvents, by token."""

    def __init__(self, *groups: dict[str, Any]) -> None:
        self.groups = groups
        self.streams: list[dict[str, Any]] = []
        self.pages: dict[str | None, dict[str, Any]] = {None: {}}
        self.asked: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def get_paginator(self, _name: str) -> Client:
        return self

    def paginate(self, **wanted: str) -> list[dict[str, Any]]:
        prefix = wanted.get("logGroupNamePrefix", "")
        return [{"logGroups": [one]} for one in self.groups if one["logGroupName"].startswith(prefix)]

    def describe_log_streams(self, **_wanted: Any) -> dict[str, Any]:
        return {"logStreams": self.streams}

    def filter_log_events(self, **wanted: Any) -> dict[str, Any]:
        self.asked.append(wanted)
        if self.error:
            raise self.error
        return self.pages[wanted.get("nextToken")]


def group(name: str, **how: Any) -> dict[str, Any]:
    return {"logGroupName": name, "creationTime": _NOW - 100 * _DAY, "storedBytes": 0, **how}


def test_names_with_a_slash_and_without() -> None:
    service = CloudWatch(
        Client(group("/aws/lambda/a"), group("/aws/lambda/b"), group("aws/lambda/a"), group("x")), _NOW
    )
    assert [*service.names("aws/lambda/a")] == ["aws/lambda/a", "/aws/lambda/a"]
    assert [*service.names("/aws/*a")] == ["/aws/lambda/a"]
    assert len([*service.names("")]) == len([*service.names("*")]) == 4
    with pytest.raises(NotInServiceError):
        service.mark("/aws/lambda/")


@pytest.mark.parametrize("stored", [0, 1 << 40])
def test_windows_hold_everything_and_the_old_ones_stay(stored: int) -> None:
    client = Client(group("a", storedBytes=stored))
    before = [*CloudWatch(client, _NOW).ranges("a")]
    windows = [one for one in before if isinstance(one, LogRange)]
    assert windows[0].start <= _NOW - 114 * _DAY
    assert windows[-1].end >= _NOW + _DAY // 12
    assert all(one.end == other.start for one, other in pairwise(windows))
    assert all(one.is_settled == (one.end < _NOW - 14 * _DAY) for one in windows)
    after = [*CloudWatch(client, _NOW + 40 * _DAY).ranges("a")]
    settled = [one for one in windows if one.is_settled]
    assert after[: len(settled)] == settled
    assert len(windows) <= 17_000


def test_what_retention_has_removed_is_not_asked_for() -> None:
    windows = [*CloudWatch(Client(group("a", storedBytes=1 << 34, retentionInDays=7)), _NOW).ranges("a")]
    assert isinstance(windows[0], LogRange)
    assert _NOW - 9 * _DAY < windows[0].start <= _NOW - 8 * _DAY


def test_a_mark_changes_with_the_newest_event() -> None:
    client = Client(group("a"))
    service = CloudWatch(client, _NOW)
    marks = [service.mark("a")]
    for last in (1, 2):
        client.streams = [{"logStreamName": "s", "lastEventTimestamp": last, "arn": "ignored"}]
        marks.append(service.mark("a"))
    assert len({mark.digest for mark in marks}) == 3
    assert service.mark("a") == marks[-1]


def test_empty_pages_are_followed() -> None:
    client = Client()
    event = {"logStreamName": "s/1", "timestamp": _NOW, "message": "é", "eventId": "7"}
    client.pages = {None: {"events": [], "nextToken": "a"}, "a": {"nextToken": "b"}, "b": {"events": [event]}}
    (found,) = CloudWatch(client, _NOW).documents("a", _WINDOW)
    assert found == LogDocument("a/s/1/7", "é".encode(), "2025-11-08T00:00:00Z", "s/1")
    assert client.asked[0]["endTime"] == _NOW + _DAY - 1


def test_pages_that_never_end() -> None:
    client = Client()
    client.pages = {None: {"nextToken": "a"}, "a": {"nextToken": "a"}}
    with pytest.raises(LogError, match="too many pages"):
        list(CloudWatch(client, _NOW).documents("a", _WINDOW))
    assert len(client.asked) == 2


def _answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "what the server says"}}, "FilterLogEvents")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (_answered("AccessDeniedException"), "logs:FilterLogEvents"),
        (_answered("ExpiredTokenException"), "does not accept the credentials"),
        (_answered("ResourceNotFoundException"), "no such log group"),
        (_answered("ThrottlingException"), "answers ThrottlingException"),
        (_answered("<b>"), "answers with an error"),
        (NoCredentialsError(), "NoCredentialsError"),
        (EndpointConnectionError(endpoint_url="https://user:word@host"), "cannot be reached: EndpointConnectionError"),
        (ValueError("x"), "connection failed"),
    ],
)
def test_errors_are_reasons(error: Exception, reason: str) -> None:
    client = Client()
    client.error = error
    with pytest.raises(LogError, match=reason) as caught:
        list(CloudWatch(client, _NOW).documents("a", _WINDOW))
    assert "server says" not in str(caught.value)
    assert "word" not in str(caught.value)


def test_a_token_that_expires_between_two_pages_loses_no_event_before_it() -> None:
    client = Client()
    event = {"logStreamName": "s/1", "timestamp": _NOW, "message": "x", "eventId": "7"}
    client.pages = {None: {"events": [event], "nextToken": "a"}, "a": {"events": [{**event, "eventId": "8"}]}}
    read = CloudWatch(client, _NOW).documents("a", _WINDOW)
    found = [next(iter(read))]
    client.error = _answered("ExpiredTokenException")
    with pytest.raises(LogError, match="does not accept the credentials"):
        found += read
    client.error = None
    assert [*CloudWatch(client, _NOW).documents("a", _WINDOW)][:1] == found
