"""The client of a log service: its host, its bounds, and what breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from akpatrol.sources.logs.service import LogError
from tests.elastic_server import Reply
from tests.unit.sources.logs.peer import Peer, always

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.elastic_server import Asked


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_refused(peer: Peer, status: int) -> None:
    location = {"location": "https://elsewhere.example.net/"}
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(status, {}, location))
    with pytest.raises(LogError, match="redirects"):
        list(peer.service().names(""))
    assert len(peer.cluster.asked) == 1


def test_it_waits_as_the_service_asks(peer: Peer) -> None:
    replies = iter([Reply(429, {}, {"retry-after": "7"}), Reply(503, {}), Reply(200, [])])
    peer.cluster.answers["/_cat/indices/*"] = lambda _: next(replies)
    assert list(peer.service().names("")) == []
    assert peer.waits == [7.0, 4.0]
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(429, {}, {"retry-after": "86400"}))
    with pytest.raises(LogError, match="too long"):
        list(peer.service().names(""))
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(503, {}))
    with pytest.raises(LogError, match="answers 503"):
        list(peer.service().names(""))


def test_refusals_say_what_to_set(peer: Peer) -> None:
    peer.cluster.credentials = "ApiKey abc"
    with pytest.raises(LogError, match=r"refuses access .401.: set AKPATROL_LOGS_HOST, and AKPATROL_LOGS_API_KEY"):
        list(peer.service().names(""))
    peer.cluster.credentials = ""
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(403, {}))
    host = "logs.example.org:9200"
    with pytest.raises(LogError, match=r"refuses access .403.$"):
        list(peer.service(AKPATROL_LOGS_HOST=host, AKPATROL_LOGS_API_KEY="abc").names(""))


def test_a_gigabyte_of_json(peer: Peer) -> None:
    class Endless(httpx.SyncByteStream):
        sent = 0

        def __iter__(self) -> Iterator[bytes]:
            while Endless.sent < 1 << 30:
                Endless.sent += 1 << 20
                yield b" " * (1 << 20)

    peer.cluster.answers["/_cat/indices/*"] = always(Reply(200, Endless()))
    with pytest.raises(LogError, match="too long an answer"):
        list(peer.service().names(""))
    assert Endless.sent < 40 << 20


def test_an_answer_that_drips(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b" "

    moments = iter(range(0, 100_000, 50))
    monkeypatch.setattr("akpatrol.sources.logs.client.time.monotonic", lambda: float(next(moments)))
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(200, Dripping()))
    with pytest.raises(LogError, match="takes too long"):
        list(peer.service().names(""))


@pytest.mark.parametrize("data", [b"", b"<html>", b"[" * 100_000, b"\xff", b"[1"])
def test_an_answer_that_is_no_json(peer: Peer, data: bytes) -> None:
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(200, data))
    with pytest.raises(LogError, match="no JSON"):
        list(peer.service().names(""))


def test_a_cluster_that_dies_is_not_waited_for_again_and_again(peer: Peer) -> None:
    def dead(_asked: Asked) -> Reply:
        raise httpx.ConnectError("refused")

    peer.cluster.answers["/logs/_stats/docs,store"] = dead
    service = peer.service()
    for _ in range(50):
        with pytest.raises(LogError):
            service.mark("logs")
    assert len(peer.cluster.asked) == 4
    peer.now += 61
    peer.cluster.answers.clear()
    peer.cluster.index("logs")
    assert service.mark("logs").digest
