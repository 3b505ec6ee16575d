"""``[[allow]]`` and ``akpatrol:allow``: exceptions with a reason, an owner and an end, in real repositories."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.api_server import Member
from tests.cli.test_baseline import fingerprint
from tests.program import execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.api_server import ApiServer
    from tests.conftest import Run
    from tests.repositories import Repository

    NewKey = Callable[[], str]


def allow(repo: Repository, **values: str) -> None:
    """Write a configuration of one allowance."""
    lines = "".join(f"{name} = '{value}'\n" for name, value in ({"reason": "a fixture"} | values).items())
    repo.write(".akpatrol.toml", f"[[allow]]\n{lines}")


@pytest.mark.parametrize("name", ["fingerprint", "key_id", "sha256", "rule", "path"])
@pytest.mark.parametrize("command", ["scan", "history", "staged"])
def test_by_name(run: Run, repo: Repository, key: str, name: str, command: str) -> None:
    repo.write("fixtures/f", f"x {key}")
    repo.git("add", "-A")
    values = {
        "fingerprint": fingerprint(key),
        "key_id": key[3:].partition(".")[0],
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "rule": "anyreach-organization-key",
        "path": "fixtures/",
    }
    if command == "history":
        repo.commit()
    allow(repo, **{name: values[name], "owner": "Ada", "expires": "2999-01-01"})
    result = run(command, cwd=repo.path)
    assert (result.code, result.json["summary"]["findings"]) == (0, 0)
    allowed = result.json["credentials"][0]["allowed"]
    assert {**allowed, "where": None} == {
        "source": "configuration", "reason": "a fixture", "owner": "Ada", "expires": "2999-01-01", "where": None,
    }  # fmt: skip
    assert run(command, "--no-allow", cwd=repo.path).code == 1


def test_by_commit(run: Run, repo: Repository, new_key: NewKey) -> None:
    id_ = repo.commit_file("f", new_key())
    allow(repo, commit=id_[:10])
    assert run("history", repo.path).code == 0
    repo.commit_file("g", new_key())
    assert run("history", repo.path).json["summary"]["findings"] == 1


def test_a_path_is_relative_to_the_configuration_wherever_the_scan_starts(
    run: Run, repo: Repository, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("tests/x/f", key)
    allow(repo, path="tests/x/")
    for target in (".", "tests", "tests/x", "tests/x/f"):
        monkeypatch.chdir(repo.path)
        assert run("scan", target).code == 0, target
    allow(repo, path="/x/")
    assert run("scan", "tests").code == 1


def test_an_expired_one_fires_and_says_so(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    allow(repo, fingerprint=fingerprint(key), expires="2020-02-01")
    result = run("history", repo.path)
    assert result.code == 1
    assert "expired on 2020-02-01" in result.json["notices"][0]


def test_stale_is_listed(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    repo.write(".akpatrol.toml", f"""
        [[allow]]
        fingerprint = '{fingerprint(key)}'
        reason = 'still there'
        [[allow]]
        path = 'gone/'
        reason = 'left behind'
        """)  # fmt: skip
    result = run("history", repo.path)
    assert result.code == 0
    assert [(entry["entry"], entry["reason"]) for entry in result.json["stale"]] == [("path gone/", "left behind")]
    assert run("history", repo.path, "--fail-on-stale").code == 1
    assert run("history", repo.path, "--fail-on-stale", "--exit-zero").code == 0
    for command in ("scan", "staged"):
        assert run(command, "--fail-on-stale", cwd=repo.path).json["stale"] == []


def test_a_live_one_is_reported_all_the_same(
    run: Run, repo: Repository, new_key: NewKey, serve: Callable[..., ApiServer], bundle: str
) -> None:
    live, dead = new_key(), new_key()
    repo.commit_file("f", f"{live} # akpatrol:allow revoked long ago\n{dead} # akpatrol:allow revoked long ago\n")
    server = serve(members={live: Member()})
    result = run("history", "--verify", "--api-url", server.url, "--ca-bundle", bundle, repo.path)
    assert result.code == 1
    assert result.json["summary"]["findings"] == 1
    by_digest = {one["secret_sha256"]: one for one in result.json["credentials"]}
    found = by_digest[hashlib.sha256(live.encode()).hexdigest()]
    assert (found["verification"]["status"], found["allowed"]["source"]) == ("active", "inline")


def test_inline_in_files_index_and_history(run: Run, repo: Repository, new_key: NewKey) -> None:
    one, two = new_key(), new_key()
    repo.write("f.py", f"x = '{one}'  # akpatrol:allow a fixture\n")
    repo.write("f.json", f'{{\n  "//": "akpatrol:allow a fixture",\n  "key": "{two}"\n}}\n')
    repo.git("add", "-A")
    for command in ("staged", "scan"):
        assert run(command, cwd=repo.path).json["summary"]["findings"] == 0
        assert run(command, "--no-allow", cwd=repo.path).code == 1
    repo.commit()
    result = run("history", repo.path)
    assert result.code == 0
    assert {one["allowed"]["where"] for one in result.json["credentials"]} == {"f.py:1", "f.json:3"}


def test_inline_that_came_later_covers_what_was_on_the_same_path(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", f"x = '{key}'\n")
    assert run("history", repo.path).code == 1
    repo.commit_file("f", f"x = '{key}'  # akpatrol:allow a fixture\n")
    assert run("history", repo.path).code == 0
    repo.commit_file("g", f"x = '{key}'\n")
    assert run("history", repo.path).code == 1


def test_inline_speaks_of_its_own_line_alone(run: Run, repo: Repository, new_key: NewKey) -> None:
    allowed, below = new_key(), new_key()
    repo.write("f", f"a = '{allowed}'  # akpatrol:allow a fixture\nb = '{below}'\n")
    result = run("scan", repo.path)
    assert result.json["summary"]["findings"] == 1
    assert result.json["credentials"][0]["secret_sha256"] == hashlib.sha256(below.encode()).hexdigest()


def test_inline_without_a_reason(run: Run, repo: Repository, key: str) -> None:
    repo.write("f", f"{key} # akpatrol:allow\n")
    result = run("scan", repo.path)
    assert result.code == 1
    assert "no reason" in result.json["notices"][0]
    assert key not in str(result.json)


def test_inline_does_not_count_in_streams_and_bare_repositories(
    run: Run, repo: Repository, key: str, tmp_path: Path
) -> None:
    repo.commit_file("f", f"{key} # akpatrol:allow a fixture\n")
    repo.clone(tmp_path / "bare.git", "--bare")
    assert run("history", tmp_path / "bare.git").code == 1
    clone = repo.clone(tmp_path / "clone")
    assert run("scan", clone.path, repo.path).code == 1  # neither tree speaks for the other


def test_a_clean_hook_pays_nothing_for_it(repo: Repository) -> None:
    repo.write("f", "# akpatrol:allow nothing that is here\n")
    repo.git("add", "f")
    loaded = "import atexit, sys; atexit.register(lambda: print(*(name for name in sys.modules if 'policy' in name)))"
    modules = set(execute("staged", patch=loaded, cwd=repo.path).out.decode().splitlines()[-1].split())
    policy = {"akpatrol.policy", "akpatrol.policy.decide", "akpatrol.policy.in_force"}
    assert {name for name in modules if name.startswith("akpatrol.")} == policy


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("fingerprint = 'akp1:{zeros}'", ["needs a reason"]),
        ("fingerprint = 'akp1:{zeros}'\nreason = ' '", ["needs a reason"]),
        ("fingerprint = 'akp1:{zeros}'\nreason = '...'", ["needs a reason"]),
        ("reason = 'x'", ["needs at least one of"]),
        ("fingerprint = 'akp1:0'\nreason = 'x'", ["fingerprint", "64 hexadecimal digits"]),
        ("sha256 = '0'\nreason = 'x'", ["sha256"]),
        ("commit = 'main'\nreason = 'x'", ["commit", "at least 7"]),
        ("path = '**'\nreason = 'x'", ["path", "matches everything"]),
        ("path = '/**/*'\nreason = 'x'", ["path", "matches everything"]),
        ("path = '[a-z]*'\nreason = 'x'", ["path", "matches everything"]),
        ("path = '!'\nreason = 'x'", ["'!'"]),
        ("path = 3\nreason = 'x'", ["path", "must be a string"]),
        ("key = 'x'\nreason = 'x'", ["key", "did you mean key_id?"]),
        ("key_id = 'x'\nreason = 'x'\nexpires = 'soon'", ["expires", "YYYY-MM-DD"]),
        ("key_id = 'x'\nreason = 'x'\nowner = ['a']", ["owner", "must be a string"]),
    ],
)
def test_wrong_allowances(run: Run, repo: Repository, content: str, words: list[str]) -> None:
    repo.write(".akpatrol.toml", "[[allow]]\n" + content.replace("{zeros}", "0" * 64))
    result = run("scan", repo.path)
    assert (result.code, result.json) == (2, {}), result.err
    assert all(word in result.err for word in words), result.err
