"""``akpatrol baseline`` and ``--baseline``: what was known on the day the gate began, and nothing else."""

from __future__ import annotations

import hashlib
import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key
from tests.program import inside
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.program import Done

    NewKey = Callable[[], str]

NAME = ".akpatrol-baseline.json"


def fingerprint(secret: str) -> str:
    """Return the name of an organization key."""
    return "akp1:" + hashlib.sha256(b"organization_key\0" + secret.encode()).hexdigest()


def baseline(repo: Repository, *arguments: str | Path, code: int = 0) -> Done:
    """Run ``akpatrol baseline`` in a repository."""
    done = inside("baseline", *arguments, cwd=repo.path, variables={"GIT_AUTHOR_NAME": "Ada Author"})
    assert done.code == code, done.written
    return done


def names(repo: Repository) -> dict[str, list[str]]:
    """Return which scans saw which credentials of the baseline."""
    entries = json.loads((repo.path / NAME).read_bytes())["entries"]
    return {entry["fingerprint"]: entry["scans"] for entry in entries if entry}


def test_create_show_and_a_gate_that_is_green(run: Run, repo: Repository, new_key: NewKey) -> None:
    gone, kept, untracked = new_key(), new_key(), new_key()
    repo.commit_file("gone", gone)
    repo.remove("gone")
    repo.commit_file("kept", kept)
    repo.write("new", untracked)
    done = baseline(repo, "create", "--note", "before the gate")
    assert f"+ {fingerprint(gone)}" in done.out.decode()
    assert "3 entries added, 0 dropped, 0 kept" in done.out.decode()
    assert names(repo) == {
        fingerprint(gone): ["history"],
        fingerprint(kept): ["history"],
        fingerprint(untracked): ["tracked"],
    }
    content = (repo.path / NAME).read_text()
    assert all(secret[8:] not in content for secret in (gone, kept, untracked))
    assert not any(path in content for path in ("gone", "kept", "new"))
    for arguments in (("history", "."), ("scan", "."), ("scan", "--tracked"), ("scan", "--show-secrets")):
        result = run(*arguments, cwd=repo.path)
        assert (result.code, result.json["summary"]["findings"]) == (0, 0), arguments
    allowed = result.json["credentials"][0]["allowed"]
    assert (allowed["source"], allowed["owner"]) == ("baseline", "Ada Author")
    assert "before the gate" in allowed["reason"]
    shown = baseline(repo, "show").out.decode()
    assert shown.count("by Ada Author") == 3
    assert json.loads(baseline(repo, "show", "-f", "json").out)["entries"][0]["note"] == "before the gate"


def test_a_different_credential_in_the_same_place_fires(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.commit_file("f", f"key = {new_key()}\n")
    baseline(repo, "create")
    repo.write("f", f"key = {new_key()}\n")
    repo.git("add", "f")
    assert run("staged", cwd=repo.path).code == 1
    repo.commit()
    assert run("scan", repo.path).code == 1
    assert run("history", repo.path).json["summary"]["findings"] == 1


def test_no_allow(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    baseline(repo, "create")
    (repo.path / NAME).write_text("damaged")
    assert run("history", repo.path, "--no-allow").found(key)
    assert run("history", repo.path, "--no-allow").code == 1


def test_create_does_not_overwrite(repo: Repository) -> None:
    repo.commit_file("f", "x")
    baseline(repo, "create")
    assert b"update" in baseline(repo, "create", code=2).err


def test_named_by_flag_and_by_configuration(run: Run, repo: Repository, key: str) -> None:
    repo.write(".akpatrol.toml", "baseline = 'security/known.json'\n")
    (repo.path / "security").mkdir()
    repo.commit_file("f", key)
    assert run("history", repo.path).code == 2
    baseline(repo, "create")
    assert (repo.path / "security" / "known.json").is_file()
    assert run("history", repo.path).code == 0
    (repo.path / "security" / "known.json").rename(repo.path.parent / "mine.json")
    (repo.path / ".akpatrol.toml").unlink()
    assert run("history", repo.path).code == 1
    assert run("history", repo.path, "--baseline", repo.path.parent / "mine.json").code == 0
    assert run("history", repo.path, "--baseline", "missing.json").code == 2
    baseline(repo, "show", "--baseline", repo.path.parent / "mine.json")


def test_update_says_what_it_did(repo: Repository, new_key: NewKey) -> None:
    first, second = new_key(), new_key()
    repo.write("f", first)
    baseline(repo, "create")
    before = (repo.path / NAME).read_bytes()
    assert b"0 entries added, 0 dropped, 1 kept" in baseline(repo, "update").out
    assert (repo.path / NAME).read_bytes() == before
    repo.write("f", second)
    told = baseline(repo, "update", "--by", "Bob").out.decode()
    assert f"+ {fingerprint(second)}" in told
    assert f"- {fingerprint(first)}" in told
    assert '"by": "Bob"' in (repo.path / NAME).read_text()


def _invented(repo: Repository) -> str:
    """Make a baseline of one credential that is nowhere, as history once held it; return its name."""
    name = "akp1:" + "0" * 64
    entry = {"fingerprint": name, "kind": "organization_key", "redacted": "ak_abcd***(9)", "added": "2026-01-01"}
    entry |= {"by": "", "scans": ["history"]}  # type: ignore[dict-item]
    repo.write(NAME, '{"akpatrol_baseline": 1, "entries": [\n' + json.dumps(entry) + ",\nnull]}")
    return name


def test_a_scan_that_is_incomplete_drops_nothing(repo: Repository) -> None:
    repo.commit_file("f", "x")
    name = _invented(repo)
    damaged = repo.loose(repo.blob("damaged\n"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"damaged")
    assert b"no entry of that kind is dropped" in baseline(repo, "update", code=3).out
    assert name in names(repo)
    damaged.unlink()
    assert f"- {name}" in baseline(repo, "update").out.decode()
    assert not names(repo)


def _report(repo: Repository, *arguments: str) -> Path:
    file = repo.path.parent / "report.json"
    inside(*arguments, "-f", "json", "-o", file, cwd=repo.path)
    return file


@pytest.mark.parametrize(
    ("command", "drops"),
    [
        (("history",), True),
        (("history", "--exclude", "*.lock"), True),
        (("history", "--exclude", "g"), False),
        (("scan",), False),
        (("staged",), False),
        (("history", "--range", "HEAD~1..HEAD"), False),
    ],
)
def test_from_a_report(repo: Repository, new_key: NewKey, command: tuple[str, ...], drops: bool) -> None:
    repo.commit_file("g", new_key())
    baseline(repo, "create", _report(repo, "history", "--show-secrets"))
    assert set(map(tuple, names(repo).values())) == {("history",)}
    name = _invented(repo)
    repo.commit_file("f", new_key())
    repo.write("f", key := new_key())
    repo.git("add", "f")
    told = baseline(repo, "update", _report(repo, *command)).out.decode()
    assert (name in names(repo)) != drops, told
    assert ("nothing is dropped" in told) == (not drops and command != ("scan",))
    assert len(names(repo)) > 1
    assert (fingerprint(key) in names(repo)) == (
        command[0] in ("scan", "staged", "history") and "--range" not in command
    )


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"scan": 3}', "x" * 100])
def test_what_is_no_report(repo: Repository, content: str) -> None:
    (repo.path / "r.json").write_text(content)
    assert b"not an akpatrol JSON report" in baseline(repo, "create", "r.json", code=2).err
    assert not (repo.path / NAME).exists()


def test_a_report_of_another_repository_drops_nothing(repo: Repository, tmp_path: Path, key: str) -> None:
    repo.commit_file("f", key)
    baseline(repo, "create")
    other = Repository(tmp_path / "other")
    other.commit_file("f", "x")
    told = baseline(repo, "update", _report(other, "history")).out
    assert b"covers more than this repository" in told
    assert fingerprint(key) in names(repo)


def test_what_is_allowed_otherwise_needs_no_entry(repo: Repository, new_key: NewKey) -> None:
    one, two, three = new_key(), new_key(), new_key()
    repo.write(".akpatrol.toml", f"[[allow]]\nfingerprint = '{fingerprint(one)}'\nreason = 'x'\n")
    repo.commit_file("f", f"{one}\n{two} # akpatrol:allow a fixture\n{three}\n")
    baseline(repo, "create")
    assert names(repo).keys() == {fingerprint(three)}
    (repo.path / NAME).unlink()
    baseline(repo, "create", _report(repo, "history"))
    assert names(repo).keys() == {fingerprint(three)}


@pytest.mark.parametrize("option", ["--note", "--by"])
def test_no_credential_is_written_into_it(repo: Repository, key: str, option: str) -> None:
    done = baseline(repo, "create", option, f"the key {key}", code=2)
    assert key.encode() not in done.written
    assert not (repo.path / NAME).exists()


@pytest.mark.parametrize("content", ["{", '{"akpatrol_baseline": 9, "entries": []}', "x" * (33 << 20)])
@pytest.mark.parametrize("command", ["scan", "history", "staged"])
def test_damaged_ends_every_scan(run: Run, repo: Repository, command: str, content: str) -> None:
    repo.write(NAME, content)
    result = run(command, cwd=repo.path)
    assert (result.code, result.json) == (2, {})
    assert NAME in result.err


def test_a_link_does_not_lead_outside(run: Run, repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text('{"akpatrol_baseline": 1, "entries": []}')
    (repo.path / NAME).symlink_to("../outside.json")
    assert run("scan", repo.path).code == 2
    (repo.path / NAME).unlink()
    repo.write(".akpatrol.toml", "baseline = '../outside.json'\n")
    assert "outside the scanned tree" in run("scan", repo.path).err


@pytest.mark.parametrize(("variables", "wanted"), [({"GIT_AUTHOR_NAME": "Ada"}, "Ada"), ({"USER": "me"}, "Grace Git")])
def test_who(repo: Repository, key: str, variables: dict[str, str], wanted: str) -> None:
    repo.git("config", "user.name", "Grace Git")
    repo.write("f", key)
    inside("baseline", "create", cwd=repo.path, variables=variables)
    assert f'"by": "{wanted}"' in (repo.path / NAME).read_text()


_USER = "[user]\n\tname = {}\n"


def _by(repo: Repository, **variables: str) -> str:
    """Return whom a new baseline names."""
    repo.write("f", organization_key(Random(1)))
    (repo.path / NAME).unlink(missing_ok=True)
    inside("baseline", "create", cwd=repo.path, variables=variables)
    (entry, _) = json.loads((repo.path / NAME).read_bytes())["entries"]
    by: str = entry["by"]
    return by


@pytest.mark.parametrize("file", [".gitconfig", ".config/git/config"])
def test_who_by_the_persons_own_configuration(repo: Repository, tmp_path: Path, file: str) -> None:
    home = tmp_path / "home"
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(_USER.format("Grace Global"))
    assert _by(repo, HOME=str(home), USER="me") == "Grace Global"
    assert _by(repo, HOME=str(home), GIT_AUTHOR_NAME="Ada") == "Ada"
    repo.git("config", "user.name", "Linus Local")
    assert _by(repo, HOME=str(home)) == "Linus Local"


def test_who_by_what_the_persons_configuration_includes_for_this_repository(repo: Repository, tmp_path: Path) -> None:
    included = f'[includeIf "gitdir:{repo.path}/"]\n\tpath = work\n'
    (tmp_path / ".gitconfig").write_text(_USER.format("Grace Global") + included)
    (tmp_path / "work").write_text(_USER.format("Grace at Work"))
    assert _by(repo, HOME=str(tmp_path)) == "Grace at Work"


def test_who_by_a_configuration_that_the_environment_names(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "own").write_text(_USER.format("Grace Global"))
    (tmp_path / "system").write_text(_USER.format("Sam System"))
    system = str(tmp_path / "system")
    assert _by(repo, GIT_CONFIG_GLOBAL=str(tmp_path / "own"), GIT_CONFIG_SYSTEM=system) == "Grace Global"
    assert _by(repo, GIT_CONFIG_SYSTEM=system) == "Sam System"
    assert _by(repo, GIT_CONFIG_SYSTEM=system, GIT_CONFIG_NOSYSTEM="1", USER="me") == "me"


def test_a_broken_configuration_costs_only_the_name(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user\n")
    assert _by(repo, HOME=str(tmp_path), USER="me") == "me"


@pytest.mark.parametrize("variables", [{"HOME": "."}, {"GIT_CONFIG_GLOBAL": ".gitconfig"}, {"XDG_CONFIG_HOME": "."}])
def test_a_scanned_tree_supplies_no_configuration(repo: Repository, variables: dict[str, str]) -> None:
    for file in (".gitconfig", "git/config", ".config/git/config"):
        repo.write(file, _USER.format("Mallory"))
    assert _by(repo, **variables, USER="me", GIT_CONFIG_NOSYSTEM="1") == "me"


def test_a_hostile_repository_runs_nothing_of_the_persons(repo: Repository, tmp_path: Path) -> None:
    planted = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{planted}'\n")
    program.chmod(0o755)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "private").write_text(_USER.format("Private"))
    programs = f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n"
    (tmp_path / "home" / ".gitconfig").write_text(_USER.format("Grace Global") + programs)
    with (repo.git_dir / "config").open("a") as config:
        config.write(f"{programs}[include]\n\tpath = ~/private\n")
    assert _by(repo, HOME=str(tmp_path / "home")) == "Grace Global"
    assert not planted.exists()


def test_owner_and_end(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.commit_file("f", new_key())
    baseline(repo, "create", "--note", "before the gate", "--owner", "platform", "--expires", "2999-01-31")
    assert run("history", repo.path).json["credentials"][0]["allowed"]["expires"] == "2999-01-31"
    shown = baseline(repo, "show").out.decode()
    assert "until 2999-01-31  owner platform  before the gate" in shown
    content = (repo.path / NAME).read_text()
    repo.write(NAME, content.replace("2999-01-31", "2026-01-31"))
    result = run("history", repo.path)
    assert (result.code, result.json["summary"]["findings"]) == (1, 1)
    assert any("expired on 2026-01-31" in notice for notice in result.json["notices"])
    text = inside("history", repo.path, cwd=repo.path).out.decode()
    assert "a baseline entry expired on 2026-01-31" in " ".join(text.split())
    assert "EXPIRED on 2026-01-31" in baseline(repo, "show").out.decode()
    repo.commit_file("g", new_key())
    told = baseline(repo, "update", "--expires", "2999-02-28").out.decode()
    assert "expired, so findings again:" in told
    entries = json.loads((repo.path / NAME).read_bytes())["entries"]
    assert sorted((one["expires"], one.get("owner", "")) for one in entries if one) == [
        ("2026-01-31", "platform"),
        ("2999-02-28", ""),
    ]


@pytest.mark.parametrize("day", ["2026-01-01", "soon"])
def test_an_end_is_to_come(repo: Repository, day: str) -> None:
    assert day.encode() in baseline(repo, "create", "--expires", day, code=2).err
    assert not (repo.path / NAME).exists()


def test_an_expired_allowance_comes_before_it(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    baseline(repo, "create")
    repo.write(".akpatrol.toml", f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'x'\nexpires = 2026-01-31\n")
    assert run("history", repo.path).code == 1
