"""Indices, as a cluster answers and as hostile as it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.scan import Skipped
from akpatrol.sources.logs import client as clients
from akpatrol.sources.logs import elasticsearch
from akpatrol.sources.logs.service import LogDocument, LogError, LogRange, NotInServiceError
from tests.elastic_server import Reply
from tests.unit.sources.logs.peer import Peer, always

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.sources.logs.elasticsearch import Elasticsearch
    from tests.elastic_server import Asked

_WHOLE = LogRange("kXvYxqIQTzuZ9YDOpMkbsg")


@pytest.fixture
def peer() -> Peer:
    return Peer()


def read(service: Elasticsearch, name: str) -> list[LogDocument | Skipped]:
    """Return all documents of an index, range by range."""
    found: list[LogDocument | Skipped] = []
    for extent in service.ranges(name):
        found += [extent] if isinstance(extent, Skipped) else service.documents(name, extent)
    return found


def paths(found: list[LogDocument | Skipped]) -> list[str]:
    return [one.path for one in found if isinstance(one, LogDocument)]


def reasons(found: list[LogDocument | Skipped]) -> list[str]:
    return [one.reason for one in found if isinstance(one, Skipped)]


def test_indices_behind_a_pattern(peer: Peer) -> None:
    for name in ("logs-a", "logs-b", ".ds-logs-app-2026.11.28-000001", "other"):
        peer.cluster.index(name)
    peer.cluster.index("logs-c", is_closed=True)
    service = peer.service()
    assert list(service.names("logs-*")) == ["logs-a", "logs-b", Skipped("logs-c", "the index is closed")]
    assert len([*service.names("")]) == 5
    assert list(service.names("logs-a,oth*")) == ["logs-a", "other"]
    assert peer.cluster.asked[0].query["expand_wildcards"] == "all"
    with pytest.raises(NotInServiceError):
        list(service.names("nothing"))


@pytest.mark.parametrize("name", ["../_all", "a b", "_all", "*", "..", "", None, "a" * 300, "a%2fb", "-a"])
def test_a_name_that_is_none_is_not_asked_for(peer: Peer, name: object) -> None:
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(200, [{"index": name, "status": "open"}]))
    (skip,) = peer.service().names("")
    assert isinstance(skip, Skipped)


@pytest.mark.parametrize("answer", [{}, {"error": 1}, "text", None])
def test_a_list_that_is_none(peer: Peer, answer: object) -> None:
    peer.cluster.answers["/_cat/indices/*"] = always(Reply(200, answer))
    with pytest.raises(LogError, match="no list of indices"):
        list(peer.service().names(""))


@given(st.lists(st.tuples(st.integers(0, 39), st.booleans(), st.integers(0, 2)), max_size=90), st.integers(1, 9))
def test_each_document_once_whatever_was_changed(writes: list[tuple[int, bool, int]], page: int) -> None:
    peer = Peer()
    index = peer.cluster.index("logs", shards=3)
    for number, (id_, is_write, shard) in enumerate(writes):
        index.write(f"d{id_}", {"n": number}, shard) if is_write else index.delete(f"d{id_}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elasticsearch, "_PAGE", page)
        patch.setattr(elasticsearch, "_SPAN", 16)
        found = read(peer.service(), "logs")
    held = [f"logs/_doc/{one.id}" for shard in index.held for one in shard]
    assert sorted(paths(found)) == sorted(held)
    assert not reasons(found)


def test_ranges_stay_as_they_are_when_an_index_grows(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticsearch, "_SPAN", 16)
    monkeypatch.setattr(elasticsearch, "_IN_FLIGHT", 4)
    index, service = peer.cluster.index("logs"), peer.service()
    for number in range(40):
        index.write(str(number), {})
    before = [*service.ranges("logs")]
    assert [extent[2:5] for extent in before] == [(0, 16, True), (16, 32, True), (32, 40, False)]
    for number in range(40, 70):
        index.write(str(number), {})
    after = [*service.ranges("logs")]
    assert after[:2] == before[:2]
    assert [extent[2:5] for extent in after[2:]] == [(32, 48, True), (48, 64, True), (64, 70, False)]


def test_what_was_written_over_and_over_is_few_ranges(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticsearch, "_SPAN", 16)
    index = peer.cluster.index("state")
    for number in range(1000):
        index.write(str(number % 2), {"n": number})
    assert len([*peer.service().ranges("state")]) == 1
    assert len(read(peer.service(), "state")) == 2


def test_a_mark_changes_with_each_document(peer: Peer) -> None:
    index, service = peer.cluster.index("logs", shards=2), peer.service()
    marks = [service.mark("logs")]
    changes: tuple[Callable[[], None], ...] = (
        lambda: index.write("a", {}, 0),
        lambda: index.write("b", {}, 1),
        lambda: index.write("b", {"n": 1}, 1),
        lambda: index.delete("a"),
        lambda: setattr(index, "uuid", "another"),
    )
    for change in changes:
        change()
        marks.append(service.mark("logs"))
    assert len({mark.digest for mark in marks}) == len(marks)
    assert service.mark("logs") == marks[-1]
    assert marks[-1].size == 1000


def test_a_document_is_text_with_its_time(peer: Peer) -> None:
    index = peer.cluster.index("logs")
    index.write("a/b c", {"@timestamp": "2026-11-28T10:30:00.123+01:00", "message": "é\n\ud800"})
    index.write("b", {"@timestamp": 1764000000000, "n": 1})
    index.write("c", {"@timestamp": "yesterday"})
    first, second, third = read(peer.service(), "logs")
    assert isinstance(first, LogDocument)
    assert first.path == "logs/_doc/a%2Fb%20c"
    assert first.text.splitlines()[2] == ' "message": "é\\n'.encode() + b'\xed\xa0\x80"'
    assert first[2:] == ("2026-11-28T09:30:00Z", "_seq_no 0")
    assert isinstance(second, LogDocument)
    assert isinstance(third, LogDocument)
    assert (second.date, third.date) == ("2025-11-24T16:00:00Z", "")


def test_shards_that_are_not_there_and_searches_that_are_not_whole(peer: Peer) -> None:
    index = peer.cluster.index("logs", shards=3, missing=1)
    index.write("a", {}, 0)
    index.write("b", {}, 2)
    found = read(peer.service(), "logs")
    assert paths(found) == ["logs/_doc/a"]
    assert reasons(found) == ["1 of its shards are not available"]

    def partial(asked: Asked) -> Reply:
        reply = peer.cluster.own(asked)
        if "query" in asked.body:
            reply.body.update({"timed_out": True} if asked.body["query"]["range"]["_seq_no"]["gt"] < 0 else {})
        return reply

    peer.cluster.answers["/logs/_search"] = partial
    assert reasons(read(peer.service(), "logs"))[1:] == ["the search took too long: in shard 0, from number 0 on"]
    failing = {"timed_out": False, "_shards": {"total": 2, "failed": 1}, "hits": {"hits": []}}
    peer.cluster.answers["/logs/_search"] = always(Reply(200, failing))
    with pytest.raises(LogError, match="1 of 2 shards failed"):
        read(peer.service(), "logs")
    assert reasons([*peer.service().documents("logs", LogRange("x", "0", 0, 9))]) == [
        "1 of 2 shards failed: in shard 0, from number 0 on"
    ]


def test_an_index_without_sources(peer: Peer) -> None:
    peer.cluster.index("logs").write("a", None)
    assert reasons(read(peer.service(), "logs")) == ["the index does not keep what was written to it (_source)"]


def test_pages_that_are_too_long_are_asked_for_in_parts(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_LARGEST", 20_000)
    index = peer.cluster.index("logs")
    for number in range(200):
        index.write(str(number), {"message": "x" * (30_000 if number == 77 else 1000)})
    found = read(peer.service(), "logs")
    assert paths(found) == [f"logs/_doc/{number}" for number in range(200) if number != 77]
    assert [one for one in found if isinstance(one, Skipped)] == [
        Skipped("logs/_doc/77", "the document is too large to be read")
    ]


@pytest.mark.parametrize("number", [0, -1, 5000, "1", None, True, 1.5])
def test_pages_that_do_not_advance(peer: Peer, number: object) -> None:
    index = peer.cluster.index("logs")
    for one in range(9):
        index.write(str(one), {})
    hits = [{"_id": "a", "sort": [number], "_source": {}}] * 1000
    page = {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": hits}}
    peer.cluster.answers["/logs/_search"] = always(Reply(200, page))
    with pytest.raises(LogError, match="not asked for"):
        list(peer.service().documents("logs", LogRange("x", "0", 0, 4000)))
    assert len(peer.cluster.asked) == 1


def test_an_index_without_numbers_is_read_by_a_scroll_that_is_closed(peer: Peer) -> None:
    index = peer.cluster.index("old", is_numbered=False)
    for number in range(2500):
        index.write(str(number), {"n": number})
    service = peer.service()
    assert service.mark("old").digest is None
    assert len(paths(read(service, "old"))) == 2500
    assert not peer.cluster.scrolls
    reading = service.documents("old", _WHOLE)
    next(reading)
    assert peer.cluster.scrolls
    reading.close()
    assert not peer.cluster.scrolls


def test_a_scroll_that_never_ends_and_one_that_breaks_off(peer: Peer) -> None:
    index = peer.cluster.index("old", is_numbered=False)
    for number in range(1500):
        index.write(str(number), {})
    page = {
        "timed_out": False,
        "_shards": {"failed": 0},
        "_scroll_id": "c2Nyb2xs",
        "hits": {"hits": [{"_id": "a", "_source": {}}] * 400},
    }
    peer.cluster.answers["/_search/scroll"] = lambda asked: (
        peer.cluster.own(asked) if asked.method == "DELETE" else Reply(200, page)
    )
    with pytest.raises(LogError, match="more documents than there are"):
        list(peer.service().documents("old", _WHOLE))
    assert not peer.cluster.scrolls
    page["hits"] = {"hits": []}
    assert reasons([*peer.service().documents("old", _WHOLE)]) == ["500 of its documents were not returned"]


@pytest.mark.parametrize(
    "shards",
    [
        None,
        [],
        {"../x": []},
        {"0": {}},
        {"0": [{"routing": {"primary": True}, "docs": {"count": -1}}]},
        {"0": [{"routing": {"primary": True}, "docs": {"count": 1}, "seq_no": {"max_seq_no": 1 << 70}}]},
    ],
)
def test_statistics_that_are_none(peer: Peer, shards: object) -> None:
    peer.cluster.answers["/logs/_stats/docs,store"] = always(Reply(200, {"indices": {"logs": {"shards": shards}}}))
    service = peer.service()
    try:
        assert service.mark("logs").digest is None
        assert [*service.ranges("logs")] == [LogRange("None")]
    except LogError:
        assert not isinstance(shards, dict) or not isinstance(shards.get("0"), list)


@pytest.mark.parametrize("answer", [[], [{}], [{"pri": "-1"}], [{"pri": "9" * 9}], {}, ["1"]])
def test_a_number_of_shards_that_is_none(peer: Peer, answer: object) -> None:
    peer.cluster.index("logs").write("a", {})
    peer.cluster.answers["/_cat/indices/logs"] = always(Reply(200, answer))
    with pytest.raises(LogError, match="how many shards"):
        list(peer.service().ranges("logs"))
