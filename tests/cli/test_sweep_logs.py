"""Sweeps of indices in a cluster that answers as its published API says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.logs import elasticsearch
from akpatrol.sources.logs.service import LogRange
from akpatrol.sources.logs.unit import LogUnit
from tests.elastic_server import Cluster, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import trustme

    from tests.conftest import Result, Run
    from tests.elastic_server import Asked

_PASSWORD = "a password for tests"


@pytest.fixture(scope="module")
def running(certificate: trustme.LeafCert) -> Iterator[Cluster]:
    with Cluster().running(certificate) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: Cluster, bundle: str, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    monkeypatch.setattr(elasticsearch, "_SPAN", 100)
    monkeypatch.setattr(elasticsearch, "_IN_FLIGHT", 5)
    for held in (running.indices, running.answers, running.scrolls, running.asked):
        held.clear()
    running.credentials = ""
    return running


def swept(run: Run, *words: str | Path, **variables: str) -> Result:
    return run("sweep", *words, "--jobs", "1", cwd=None, **variables)


def searched(cluster: Cluster) -> list[Asked]:
    """Return the requests for documents since the last call."""
    found = [one for one in cluster.asked if one.body and "query" in one.body]
    cluster.asked.clear()
    return found


def test_documents_of_the_indices_behind_a_pattern(run: Run, cluster: Cluster, key: str, token: str) -> None:
    index = cluster.index("logs-app", shards=2)
    for number in range(150):
        index.write(f"d{number}", {"message": f"request {number}"}, number % 2)
    event = {"auth": f"Bearer {key}"}
    index.write("a/b", {"@timestamp": "2026-11-28T09:30:00Z", "message": f"POST\n{json.dumps(event)}"}, 1)
    cluster.index(".ds-logs-web").write("x", {"body": [*b"token: " + token.encode()]})
    cluster.index("logs-old", is_closed=True)
    cluster.index("other").write("y", {"message": token})
    result = swept(run, f"{cluster.url}/logs-*,.ds-logs-*")
    assert result.code == 1
    assert [(skip["item"], skip["reason"]) for skip in result.skipped] == [
        (f"{cluster.url}/logs-old", "the index is closed")
    ]
    place = result.one(key)
    assert place["path"] == "logs-app/_doc/a%2Fb"
    assert place["line"] == 3
    assert place["introduced"]["date"] == "2026-11-28T09:30:00Z"
    assert place["introduced"]["summary"] == "_seq_no 75"
    assert result.one(token)["path"] == ".ds-logs-web/_doc/x"
    assert result.one(token)["encodings"] == ["decimal"]
    assert result.json["coverage"]["counts"]["documents"] == 152
    text = run("report", "akpatrol.sqlite3", "-f", "text", "-o", "-").out
    assert f"{cluster.url}/logs-app/_doc/a%2Fb" in text
    searched(cluster)
    assert "0 read, 2 unchanged" in swept(run, f"{cluster.url}/logs-*,.ds-logs-*").err
    assert not searched(cluster)


def test_of_an_index_that_grew_only_the_end_is_read(run: Run, cluster: Cluster, key: str, token: str) -> None:
    index = cluster.index("logs")
    for number in range(350):
        index.write(str(number), {"message": key if number == 150 else "x"})
    assert swept(run, f"{cluster.url}/logs").one(key)["path"] == "logs/_doc/150"
    assert len(searched(cluster)) == 4
    index.write("new", {"message": token})
    result = swept(run, f"{cluster.url}/logs")
    assert result.one(key)["path"] == "logs/_doc/150"
    assert result.one(token)["path"] == "logs/_doc/new"
    # The range with a finding, which is placed again, and the last
    assert [one.body["query"]["range"]["_seq_no"]["lt"] for one in searched(cluster)] == [200, 351]
    assert result.json["coverage"]["counts"]["documents"] == 351


def test_a_sweep_whose_token_expires_goes_on_behind_the_last_range(run: Run, cluster: Cluster, token: str) -> None:
    index = cluster.index("logs")
    for number in range(350):
        index.write(str(number), {"message": token if number == 340 else "x"})

    def expiring(asked: Asked) -> Reply:
        limits = asked.body.get("query", {}).get("range", {}).get("_seq_no", {"lt": 0})
        return cluster.own(asked) if limits["lt"] <= 200 else Reply(401, {})

    cluster.answers["/logs/_search"] = expiring
    result = swept(run, f"{cluster.url}/logs")
    assert result.code == 3
    assert {skip["reason"].partition(":")[0] for skip in result.skipped} == {"the service refuses access (401)"}
    searched(cluster)
    cluster.answers.clear()
    assert swept(run, f"{cluster.url}/logs").one(token)["path"] == "logs/_doc/340"
    assert [one.body["query"]["range"]["_seq_no"]["lt"] for one in searched(cluster)] == [300, 350]


def test_the_password_is_in_a_file_and_nowhere_else(run: Run, cluster: Cluster, key: str, tmp_path: Path) -> None:
    cluster.index("logs").write("a", {"message": key})
    cluster.credentials = "Basic ZWxhc3RpYzphIHBhc3N3b3JkIGZvciB0ZXN0cw=="
    result = swept(run, f"{cluster.url}/logs")
    assert result.code == 3
    assert "set AKPATROL_LOGS_HOST" in result.skipped[0]["reason"]
    file = tmp_path / "password"
    file.write_text(_PASSWORD)
    variables = {
        "AKPATROL_LOGS_HOST": cluster.url.partition("://")[2],
        "AKPATROL_LOGS_USER": "elastic",
        "AKPATROL_LOGS_PASSWORD_FILE": str(file),
    }
    result = swept(run, f"{cluster.url}/logs", **variables)
    assert result.one(key)["path"] == "logs/_doc/a"
    store = b"".join(one.read_bytes() for one in Path.cwd().rglob("*") if one.is_file() and one != file)
    for form in (_PASSWORD, cluster.credentials.split()[1]):
        assert form not in result.out + result.err
        assert form.encode() not in store


def test_an_index_that_is_gone_counts_as_gone(run: Run, cluster: Cluster, key: str) -> None:
    cluster.index("logs").write("a", {"message": key})
    cluster.index("rest").write("a", {"message": "x"})
    swept(run, f"{cluster.url}/logs")
    cluster.indices.pop("logs")
    assert swept(run, f"{cluster.url}/rest").found(key)
    assert swept(run, f"{cluster.url}/rest", "--prune").code == 0


def test_an_index_that_is_not_there_is_told(run: Run, cluster: Cluster) -> None:
    result = swept(run, f"{cluster.url}/absent", f"{cluster.url}/absent*")
    assert result.code == 3
    assert {skip["item"].rpartition("/")[2]: skip["reason"].rpartition(":")[2] for skip in result.skipped} == {
        "absent": " the service does not hold it, or hides it (404)",
        "absent*": "the service holds nothing of that name",
    }


def test_a_scroll_is_closed_when_its_reader_ends_early(cluster: Cluster) -> None:
    index = cluster.index("old", is_numbered=False)
    for number in range(2500):
        index.write(str(number), {"message": "x" * 500})
    reading = LogUnit("0", cluster.url, "old", LogRange("")).read()
    next(reading)
    assert cluster.scrolls
    del reading
    assert not cluster.scrolls
    assert cluster.asked[-1].method == "DELETE"


def test_indices_are_left_out_by_name(run: Run, cluster: Cluster, new_key: Callable[[], str]) -> None:
    for name in ("logs-a", "logs-b"):
        cluster.index(name).write("a", {"message": new_key()})
    result = swept(run, f"{cluster.url}/logs-*", "--exclude", "logs-b")
    assert len(result.json["credentials"]) == 1
    assert result.json["coverage"]["excluded"] == [{"reason": "exclude_option", "count": 1}]
