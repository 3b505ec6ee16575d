"""``report --notify``: what is new reaches a real server, and neither a secret nor the server's address is shown."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.program import Done, execute, inside
from tests.unit.sweep.looks import DIGEST, KEYS, day, found, look, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOKEN = "T0kenOfTheService"


class Service(ThreadingHTTPServer):
    """A service that takes notifications, or refuses them with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.taken: list[tuple[str, dict[str, Any]]] = []

    @property
    def address(self) -> str:
        return f"json://user:{_TOKEN}@127.0.0.1:{self.server_port}/{_TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep it out of the tests' output."""


@contextmanager
def _running(status: int = 200) -> Iterator[Service]:
    with Service(status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with _running() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of two runs: the second finds two more credentials, of which one is live."""
    file = tmp_path / "s.sqlite3"
    sweep(file, look("one", found(KEYS[0])), look("two"))
    live = reports.live(KEYS[2], reports.occurrence(KEYS[2], path=b"src/@everyone"))
    sweep(file, look("one", found(KEYS[0]), found(KEYS[1], 3), live), same=("two",))
    return file


def _report(store: Path, *words: str, to: str | None = None, **variables: str) -> Done:
    where = ["--notify", to] if to else []
    done = inside("report", store, "--since", "previous", *where, *words, cwd=store.parent, variables=variables)
    for secret in (*KEYS, _TOKEN):
        assert secret.encode() not in done.written
    assert b"Traceback" not in done.err
    return done


def _only(service: Service) -> dict[str, Any]:
    ((_, message),) = service.taken
    assert not [key for key in KEYS if key in str(message)]
    return message


def test_what_is_new_is_sent_live_first(store: Path, service: Service) -> None:
    done = _report(store, to=service.address)
    assert done.code == 1, done.err
    assert not done.err
    message = _only(service)
    assert message["title"] == "akpatrol: 2 new credentials, 1 live"
    first, live, other = message["message"].splitlines()
    assert first == "Looked at 2 of 2 on 2026-03-02, 2 new credentials, 1 live since run 1 (2026-03-01)."
    assert live.startswith("LIVE: ")
    assert "@\u200beveryone" in live
    assert other.endswith("https://git.example.org/org/one.git: src/0.py:12:12 and 2 more places")
    assert b"2 new" in done.out


def test_the_heartbeat(store: Path, service: Service) -> None:
    with SweepStore(str(store), create=True) as opened:
        run = opened.begin(day(3), DIGEST)
        opened.skip(run, "https://git.example.org/three.git", "it is gone")
        opened.put(run, look("one", found(KEYS[0]), found(KEYS[1], 3), reports.live(KEYS[2])), None, "")
        opened.put(run, look("two", gaps=("a.7z",)), None, "")
        opened.finish(run, day(3))
    sweep(store, look("one", found(KEYS[0]), found(KEYS[1], 3), reports.live(KEYS[2])))
    done = _report(store, to=service.address)
    message = _only(service)
    assert message["title"] == "akpatrol: INCOMPLETE: nothing new"
    assert message["message"].splitlines()[1] == "Looked at 1 of 3 on 2026-03-04, nothing new since run 3 (2026-03-03)."
    assert done.code == 3


def test_a_night_without_news(store: Path, service: Service) -> None:
    sweep(store, same=("one", "two"))
    assert _report(store, "-q", to=service.address) == Done(0, b"", b"")
    message = _only(service)
    assert message["title"] == "akpatrol: nothing new"
    assert message["message"] == "Looked at 2 of 2 on 2026-03-03, nothing new since run 2 (2026-03-02)."


def test_what_is_gone(store: Path, service: Service) -> None:
    sweep(store, look("one", found(KEYS[0])), same=("two",))
    _report(store, to=service.address)
    assert _only(service)["title"] == "akpatrol: nothing new, 2 gone"


def test_the_address_of_the_environment_or_a_file(store: Path, service: Service) -> None:
    (store.parent / "addresses").write_text(f"# ours\n\n{service.address}\n")
    assert _report(store, to="@addresses").code == 1
    assert _report(store, to="env", AKPATROL_NOTIFY=service.address).code == 1
    assert [path for path, _ in service.taken] == [f"/{_TOKEN}"] * 2


def test_the_report_is_written_as_without(store: Path, service: Service) -> None:
    plain = _report(store, "-f", "csv")
    assert _report(store, "-f", "csv", to=service.address) == plain


def test_a_dry_run_prints_what_would_be_sent(store: Path, service: Service) -> None:
    done = _report(store, "--notify-dry-run", "-o", "report", to=service.address)
    assert service.taken == []
    assert not (store.parent / "report").exists()
    _report(store, to=service.address)
    message = _only(service)
    assert done == Done(1, f"{message['title']}\n\n{message['message']}\n".encode(), b"")
    assert _report(store, "--notify-dry-run") == done


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_loud(store: Path, status: int) -> None:
    with _running(status) as service:
        done = _report(store, to=service.address)
    assert done.code == 2
    assert f"--notify: not sent by 1 of 1: json: refused with HTTP status {status}".encode() in done.err
    assert b"2 new" in done.out


def test_one_of_several_refuses(store: Path, service: Service) -> None:
    with _running(500) as refusing:
        done = _report(store, to="env", AKPATROL_NOTIFY=f"{refusing.address}\n{service.address}")
    assert (done.code, len(service.taken)) == (2, 1)
    assert b"not sent by 1 of 2" in done.err


def test_a_service_that_does_not_answer(store: Path) -> None:
    with _running() as service:
        address = service.address
    done = _report(store, to=address)
    assert done.code == 2
    assert b"json: no connection, or refused" in done.err


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (_TOKEN, b"address 1 is none that Apprise knows"),
        (f"unknown://{_TOKEN}", b"address 1 is none that Apprise knows"),
        (f"slack://{_TOKEN}", b"address 1 is none that Apprise knows"),
        ("env", b"no address in AKPATROL_NOTIFY"),
        ("@absent", b"absent: No such file"),
        ("@binary", b"binary: not a text"),
        ("@s.sqlite3", b"s.sqlite3"),
    ],
)
def test_unusable_addresses(store: Path, to: str, words: bytes) -> None:
    (store.parent / "binary").write_bytes(b"\xff\xfe\x00")
    done = _report(store, to=to)
    assert (done.code, done.out) == (2, b"")
    assert words in done.err


def test_without_apprise(store: Path) -> None:
    patch = "import sys; sys.modules['apprise'] = None"
    done = execute(
        "report", store, "--since", "previous", "--notify", f"json://{_TOKEN}", cwd=store.parent, patch=patch
    )
    assert done.code == 2
    assert b"pip install 'akpatrol[notify]'" in done.err
    assert _TOKEN.encode() not in done.written


@pytest.mark.parametrize("words", [["--notify", "json://localhost"], ["--notify-dry-run"]])
def test_what_it_requires(store: Path, words: list[str]) -> None:
    done = inside("report", store, *words, cwd=store.parent)
    assert (done.code, b"--notify requires --since" in done.err) == (2, True)
    done = inside("report", "-", *words, cwd=store.parent, stdin=b"{}")
    assert (done.code, b"--notify requires a store" in done.err) == (2, True)
    done = inside("report", store, "--runs", *words, cwd=store.parent)
    assert (done.code, b"--runs and --notify cannot be combined" in done.err) == (2, True)


def test_a_longer_list_is_cut(tmp_path: Path) -> None:
    random = reports.seeded(4)
    file = tmp_path / "s.sqlite3"
    sweep(file, look("one"))
    sweep(file, look("one", *(found(reports.organization_key(random)) for _ in range(40))))
    lines = _report(file, "--notify-dry-run").out.decode().splitlines()
    assert lines[-1] == "32 more"
    assert sum(map(len, lines)) < 2000


def test_what_became_live_is_told(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite3"
    sweep(file, look("one", found(KEYS[0]), found(KEYS[1])))
    live = found(KEYS[1], verification=reports.verification(VerificationStatus.ACTIVE))
    sweep(file, look("one", found(KEYS[0]), live))
    out = _report(file, "--notify-dry-run").out.decode()
    assert out.startswith("akpatrol: nothing new, 1 changed, 1 live\n")
    assert "(live, before: unverified)" in out
