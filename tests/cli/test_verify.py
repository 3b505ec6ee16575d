"""Verification from the command line, against a real HTTPS server on this machine."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.kinds import named
from akpatrol.model.identity import fingerprint
from akpatrol.model.scan import Secret
from tests.api_server import ApiServer, Member
from tests.credentials import organization_key, personal_access_token
from tests.program import at_prompt, execute, inside, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_RANDOM = Random("verify from the command line")
LIVE, DEAD = organization_key(_RANDOM), organization_key(_RANDOM)
TOKEN, BARE = personal_access_token(_RANDOM), personal_access_token(_RANDOM)
_FORMATS = ("text", "json", "jsonl", "sarif")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One live key in three places, a dead one, a token beside Anyreach's name, and one that may be anybody's."""
    root = tmp_path / "tree"
    root.mkdir()
    for name in "abc":
        (root / name).write_text(f"KEY={LIVE}\n")
    (root / "dead").write_text(f"KEY={DEAD}\n")
    (root / "mcp.json").write_text(f'{{"url": "https://api.anyreach.ai/mcp/", "Authorization": "Bearer {TOKEN}"}}')
    (root / "other").write_text(f"T={BARE}\n")
    return root


@pytest.fixture
def server(serve: Callable[..., ApiServer]) -> ApiServer:
    scopes = ("conversations:read_sensitive", "child_organizations:manage")
    return serve(members={LIVE: Member(scopes), TOKEN: Member(organizations=("org_1",)), BARE: Member()})


@pytest.fixture
def asking(server: ApiServer, bundle: str) -> tuple[str, ...]:
    return ("--verify", "--api-url", server.url, "--ca-bundle", bundle, "--verify-rps", "500")


def _statuses(report: dict[str, Any]) -> list[str]:
    return sorted(found["verification"]["status"] for found in report["credentials"])


def test_scan_asks_once_for_each(run: Run, tree: Path, asking: tuple[str, ...], server: ApiServer) -> None:
    result = run("scan", tree, *asking)
    assert result.code == 1
    assert _statuses(result.json) == ["active", "active", "inactive", "not_sent"]
    found = {one["redacted"]: one for one in result.json["credentials"]}
    live = next(one for one in found.values() if len(one["occurrences"]) == 3)
    assert (live["severity"], live["attribution"], live["verification"]["http_status"]) == (
        "critical",
        "confirmed",
        200,
    )
    assert set(live["verification"]["scopes"]) == {"conversations:read_sensitive", "child_organizations:manage"}
    assert live["verification"]["blast_radius"]
    assert [logged.path for logged in server.of(LIVE)] == ["/core/agents", "/admin/members/me/scopes"]
    assert len(server.of(DEAD)) == 1
    assert server.of(BARE) == []


def test_organizations_are_told_one_by_one(run: Run, tree: Path, asking: tuple[str, ...], server: ApiServer) -> None:
    result = run("scan", tree / "mcp.json", *asking, "--org", "org_1", "--org", "org_2")
    told = result.json["credentials"][0]["verification"]["organizations"]
    # 403 says that the token is valid and may not do this here.
    assert [(one["organization"], one["status"], one["http_status"]) for one in told] == [
        ("org_1", "active", 200),
        ("org_2", "active", 403),
    ]
    assert {logged.organization for logged in server.of(TOKEN)} == {"org_1", "org_2"}


def test_unattributed_tokens_go_only_when_told(
    run: Run, tree: Path, asking: tuple[str, ...], server: ApiServer
) -> None:
    assert run("scan", tree / "other", *asking).json["credentials"][0]["verification"]["status"] == "not_sent"
    assert server.log == []
    sent = run("scan", tree / "other", *asking, "--send-unattributed")
    assert sent.json["credentials"][0]["verification"]["status"] == "active"


def test_no_scopes(run: Run, tree: Path, asking: tuple[str, ...], server: ApiServer) -> None:
    run("scan", tree / "a", *asking, "--no-scopes")
    assert [logged.path for logged in server.of(LIVE)] == ["/core/agents"]


@pytest.mark.parametrize(
    ("files", "code"), [(("a", "dead"), 1), (("dead",), 0), (("dead", "other"), 3), (("other",), 3)]
)
def test_fail_on_live(run: Run, tree: Path, asking: tuple[str, ...], files: tuple[str, ...], code: int) -> None:
    paths = [tree / name for name in files]
    assert run("scan", *paths, *asking, "--fail-on", "live").code == code
    assert run("scan", *paths, *asking).code == 1


def test_history_and_staged_verify_too(run: Run, repo: Repository, asking: tuple[str, ...]) -> None:
    repo.commit_file("a", f"KEY={LIVE}\n")
    assert _statuses(run("history", repo.path, *asking).json) == ["active"]
    repo.write("b", f"KEY={DEAD}\n")
    repo.git("add", "b")
    assert _statuses(run("staged", *asking, cwd=repo.path).json) == ["inactive"]


def test_a_range_asks_about_what_is_new_also_when_it_is_allowed(
    run: Run, repo: Repository, asking: tuple[str, ...], server: ApiServer
) -> None:
    """What the base holds at the same path is counted and not asked about."""
    allowed = fingerprint(named("organization_key"), Secret(LIVE.encode()))
    repo.write(".akpatrol.toml", f'[[allow]]\nfingerprint = "{allowed}"\nreason = "known"\n')
    repo.commit_file("old", f"KEY={DEAD}\n")
    repo.git("switch", "-q", "-c", "feature")
    repo.commit_file("old", f"KEY={DEAD}\nmore\n")
    repo.commit_file("new", f"KEY={LIVE}\n")
    result = run("history", "--range", "main..feature", repo.path, *asking)
    assert result.json["summary"]["already_in_base"] == 1
    (found,) = result.json["credentials"]
    assert (bool(found["allowed"]), found["verification"]["status"]) == (True, "active")
    assert server.of(DEAD) == []


def test_inventory_needs_no_request(run: Run, tree: Path, server: ApiServer, tmp_path: Path) -> None:
    key_id = LIVE.partition(".")[0].removeprefix("ak_")
    file = tmp_path / "keys.json"
    entry = {"key_id": key_id[:6], "name": "billing job", "expires_at": 1767225600000, "created_at": 1735689600000}
    file.write_text(json.dumps([entry]))
    result = run("scan", tree / "a", "--inventory", file)
    (key,) = result.json["credentials"][0]["owner"]["keys"]
    assert (key["name"], key["expires_at"], key["expired"]) == ("billing job", "2026-01-01T00:00:00Z", True)
    assert server.log == []
    file.write_text("{")
    broken = run("scan", tree / "a", "--inventory", file)
    assert (broken.code, "keys.json" in broken.err) == (2, True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--org", "org_1"),
        ("--fail-on", "live"),
        ("--send-unattributed",),
        ("--verify", "--api-url", "http://api.example.org"),
        ("--verify", "--api-url", "nonsense"),
        ("--verify", "--ca-bundle", "nowhere.pem"),
    ],
)
def test_wrong_options_are_reported_before_scanning(run: Run, tree: Path, wrong: tuple[str, ...]) -> None:
    result = run("scan", tree, *wrong)
    assert (result.code, result.out) == (2, "")


def test_a_scanned_tree_may_not_redirect(run: Run, tree: Path) -> None:
    for line in ("api_url = 'https://evil.example'", "verify = true", "org = ['x']", "ca_bundle = 'x'"):
        (tree / ".akpatrol.toml").write_text(line)
        result = run("scan", tree)
        assert (result.code, "may not set this" in result.err) == (2, True)


def test_an_explicit_configuration_may(run: Run, tree: Path, server: ApiServer, bundle: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"verify = true\napi_url = '{server.url}'\nca_bundle = '{bundle}'\n")
    assert "active" in _statuses(run("scan", tree, "--config", file).json)


def test_verify_reads_lines(asking: tuple[str, ...]) -> None:
    lines = f"{LIVE}\n\n{DEAD}\nnonsense\n".encode()
    done = inside("verify", *asking[1:], "-f", "json", stdin=lines)
    report = json.loads(done.out)
    assert (done.code, _statuses(report)) == (1, ["active", "inactive"])
    assert [skip["item"] for skip in report["coverage"]["skipped"]] == ["line 4"]
    assert inside("verify", *asking[1:], stdin=b"nonsense\n").code == 3
    assert inside("verify", *asking[1:], stdin=b"\n").code == 2
    assert inside("verify", *asking[1:], "--fail-on", "live", stdin=DEAD.encode()).code == 0


def test_a_proxy_that_cannot_be_used_loses_no_report(tree: Path) -> None:
    variables = {"https_proxy": "nonsense://127.0.0.1:9", "HTTPS_PROXY": "nonsense://127.0.0.1:9"}
    asking = ("--verify", "--api-url", "https://akpatrol.invalid")
    done = execute("scan", tree / "a", *asking, "-f", "json", variables=variables)
    assert (done.code, _statuses(json.loads(done.out))) == (1, ["unknown"])


def test_verify_that_may_not(asking: tuple[str, ...], server: ApiServer) -> None:
    assert inside("verify", *asking[1:], "--no-verify", stdin=LIVE.encode()).code == 2
    assert server.log == []


@pytest.mark.parametrize("end", ["\n", "\x04"], ids=["empty line", "end of input"])
def test_verify_prompts_without_echo(asking: tuple[str, ...], end: str) -> None:
    done = at_prompt("verify", *asking[1:], typed=f"{DEAD}\n{LIVE}\n{end}")
    assert done.code == 1
    assert b"1 live, 1 inactive" in done.out
    assert LIVE.encode() not in done.written
    assert DEAD.encode() not in done.written


def test_interruption_keeps_what_was_learned(serve: Callable[..., ApiServer], bundle: str) -> None:
    keys = [organization_key(_RANDOM) for _ in range(40)]
    server = serve(members={key: Member() for key in keys})
    asking = ("--api-url", server.url, "--ca-bundle", bundle, "--verify-rps", "10")
    process = start("verify", *asking, "-f", "json", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write("\n".join(keys).encode())
    process.stdin.close()
    process.stdin = None
    while len(server.log) < 8:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=30)[0]
    report = json.loads(out)
    assert process.returncode == 130
    assert len(report["credentials"]) == 40
    assert {"not_sent"} < set(_statuses(report))
    assert len(server.log) < 40


@pytest.mark.parametrize("format_", _FORMATS)
def test_no_secret_anywhere(tree: Path, asking: tuple[str, ...], format_: str, tmp_path: Path) -> None:
    file = tmp_path / "report"
    done = inside("scan", tree, *asking, "-vv", "-f", format_, "--report", f"{format_}:{file}")
    assert done.code == 1
    for secret in (LIVE, DEAD, TOKEN, BARE):
        assert secret.encode() not in done.written + file.read_bytes()


_FORBID_SOCKETS = """
import socket
def forbidden(*args, **kwargs): raise RuntimeError("network")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = forbidden
"""


def _forbidden(*_args: object, **_options: object) -> None:
    raise RuntimeError("network")


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "."),
        ("scan", "--tracked", "."),
        ("scan", "--no-verify", "-"),
        ("history", "."),
        ("history", "--range", "HEAD~1..HEAD"),
        ("staged",),
        ("commit-msg", "a"),
        ("rules", "list"),
        ("rules", "show", "anyreach-organization-key"),
        ("rules", "check"),
    ],
    ids=" ".join,
)
def test_nothing_goes_to_the_network_unasked(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    repo.commit_file("a", "nothing\n")
    repo.commit_file("b", f"KEY={LIVE}\n")
    repo.git("config", "remote.origin.url", "https://example.org/x.git")
    repo.write("c", f"KEY={LIVE}\n")
    repo.git("add", "c")
    strict = f"import sys; sys.modules['httpx'] = None\n{_FORBID_SOCKETS}"
    done = execute(*words, patch=strict, cwd=repo.path, stdin=LIVE.encode())
    assert done.code in (0, 1), done.err
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _forbidden)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, _forbidden)
    assert inside(*words, cwd=repo.path, stdin=LIVE.encode()).code == done.code


def test_the_socket_trap_works(tree: Path) -> None:
    """The trap above does catch what asks: no answer can come, so nothing is known."""
    done = execute("scan", tree / "a", "--verify", "-f", "json", patch=_FORBID_SOCKETS)
    assert _statuses(json.loads(done.out)) != ["active"]


def test_what_stands_in_no_file_is_not_told_to_be_in_one(asking: tuple[str, ...]) -> None:
    done = inside("verify", *asking[1:], stdin=f"{LIVE}\n{DEAD}\n".encode())
    told = " ".join(done.out.decode().split())
    assert "in the input" in told
    assert "then remove it from where it came from." in told
    assert "nothing to revoke; remove it from where it came from, or add it to" in told
    assert "1 critical, 1 low " in told
    assert " file" not in told
