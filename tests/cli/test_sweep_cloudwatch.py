"""Sweeps of log groups in moto's server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import get_session

from tests import buckets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Result, Run

_REGION = "eu-west-1"


class Groups:
    """Log groups of a peer, and the ``variables`` that lead there."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self._client = get_session().create_client(
            "logs",
            region_name=_REGION,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def add(self, group: str, *streams: str) -> None:
        self._client.create_log_group(logGroupName=group)
        for stream in streams:
            self._client.create_log_stream(logGroupName=group, logStreamName=stream)

    def write(self, group: str, stream: str, *messages: str, age: int = 0) -> int:
        """Write messages that are so many seconds old, and return their time in milliseconds."""
        moment = int((time.time() - age) * 1000)
        events: list[Any] = [{"timestamp": moment, "message": message} for message in messages]
        self._client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        return moment

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def groups() -> Iterator[Groups]:
    with buckets.s3() as peer:
        running = Groups(peer.variables)
        yield running
        running.close()


def swept(run: Run, groups: Groups, *words: str | Path, **variables: str) -> Result:
    return run("sweep", *words, "--jobs", "1", cwd=None, **groups.variables, **variables)


@pytest.mark.slow
def test_events_of_the_groups_behind_a_pattern(run: Run, groups: Groups, key: str, new_key: Callable[[], str]) -> None:
    old, other = new_key(), new_key()
    groups.add("/aws/lambda/one", "2026/11/28/[$LATEST]abc", "second")
    groups.add("/aws/lambda/two", "s")
    groups.add("rest", "s")
    moment = groups.write("/aws/lambda/one", "second", "START", json.dumps({"auth": f'"{key}"\n'}), "END", age=60)
    groups.write("/aws/lambda/one", "2026/11/28/[$LATEST]abc", f"Bearer {old}", age=9 * 86_400)
    groups.write("rest", "s", other)
    address = f"cloudwatch://{_REGION}/aws/lambda/*"
    result = swept(run, groups, address)
    assert result.code == 1
    assert result.skipped == []
    assert len(result.json["scan"]["targets"]) == 2
    place = result.one(key)
    assert place["path"].startswith("/aws/lambda/one/second/")
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment // 1000))
    assert (place["introduced"]["date"], place["introduced"]["summary"]) == (when, "second")
    assert result.one(old)["path"].startswith("/aws/lambda/one/2026/11/28/[$LATEST]abc/")
    assert result.json["coverage"]["counts"]["documents"] == 4
    assert "0 read, 2 unchanged" in swept(run, groups, address).err
    groups.write("/aws/lambda/two", "s", other)
    result = swept(run, groups, address)
    assert "1 read, 1 unchanged" in result.err
    assert result.one(other)["path"].startswith("/aws/lambda/two/s/")


def test_a_group_that_is_not_there_is_told(run: Run, groups: Groups) -> None:
    result = swept(run, groups, f"cloudwatch://{_REGION}/absent")
    assert result.code == 3
    assert result.skipped[0]["reason"] == "the service holds nothing of that name"


def test_what_is_no_address(run: Run, groups: Groups) -> None:
    for word in ("cloudwatch://absent", "cloudwatch://user:hunter2@eu-west-1/a", f"cloudwatch://{_REGION}/a b"):
        result = swept(run, groups, word)
        assert result.code == 2
        assert "hunter2" not in result.err
