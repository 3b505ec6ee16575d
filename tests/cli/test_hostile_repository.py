"""A scanned repository cannot run code, hide content or change what is reported, in any command that touches git."""

from __future__ import annotations

import os
import shutil
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.credentials import organization_key
from tests.hostile import SETTINGS, configure
from tests.repositories import Repository, canary_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Result, Run

# The exit code, all findings, and what was skipped.
Outcome = tuple[int, Any, Any]
COMMANDS = {
    "scan": ("scan", "."),
    "tracked": ("scan", "--tracked", "."),
    "history": ("history", "."),
    "range": ("history", "--range", "HEAD~1.."),
    "auto": ("history", "--range", "auto"),
    "staged": ("staged",),
    "named": ("staged", "committed", "dir/staged"),
    "message": ("commit-msg", "message"),
}
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a credential everywhere: old, committed, in a merge, staged, untracked, ignored."""
    rng, repo = Random("hostile"), Repository(tmp_path_factory.mktemp("built") / "repo")
    repo.write(".gitignore", "ignored\n")
    repo.commit_file("removed", organization_key(rng))
    raw = repo.git("cat-file", "commit", "HEAD").partition("\n\n")
    signed = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{raw[0]}\n{SIGNATURE}\n\nNote\n")
    repo.git("reset", "-q", "--hard", signed)
    repo.git("rm", "-q", "removed")
    repo.commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("side", organization_key(rng))
    repo.git("checkout", "-q", "main")
    repo.commit_file("committed", organization_key(rng))
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.commit_file("evil", organization_key(rng), "Merge")
    repo.write("dir/staged", organization_key(rng))
    repo.git("add", "dir/staged")
    for name in ("untracked", "ignored", "message"):
        repo.write(name, organization_key(rng))
    return repo


@pytest.fixture
def hostile(built: Repository, tmp_path: Path) -> Repository:
    """A copy of it for one test."""
    shutil.copytree(built.path, tmp_path / "repo", symlinks=True)
    repo = Repository(tmp_path / "repo")
    repo.git("update-index", "-q", "--refresh")
    return repo


@pytest.fixture(scope="module")
def _told() -> dict[str, Outcome]:
    """What commands told of it, as far as they were asked."""
    return {}


@pytest.fixture
def plain(run: Run, built: Repository, _told: dict[str, Outcome]) -> dict[str, Outcome]:
    """The output of each command before anything was done to the repository."""
    if not _told:
        _told |= {key: outcome(run(*command, cwd=built.path)) for key, command in COMMANDS.items()}
        assert {code for code, _, _ in _told.values()} == {1}
    return _told


def outcome(result: Result) -> Outcome:
    """Return what must not change: the exit code, all findings, and what was skipped."""
    return result.code, result.json.get("credentials"), [skip["item"] for skip in result.skipped]


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_changes_nothing_and_runs_nothing(
    run: Run, hostile: Repository, plain: dict[str, Outcome], tmp_path: Path, name: str
) -> None:
    program, canary = canary_program(tmp_path / "bin")
    SETTINGS[name](hostile, program)
    canary.unlink(missing_ok=True)
    after = {key: outcome(run(*command, cwd=hostile.path)) for key, command in COMMANDS.items()}
    for key in COMMANDS:
        assert after[key] == plain[key], key
    assert not canary.exists(), canary.read_text()


def test_environment_changes_nothing_and_runs_nothing(
    run: Run, hostile: Repository, plain: dict[str, Outcome], tmp_path: Path
) -> None:
    program, canary = canary_program(tmp_path / "bin")
    variables = {
        "GIT_EXTERNAL_DIFF": str(program),
        "GIT_SSH_COMMAND": str(program),
        "GIT_PAGER": str(program),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(program),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={program}'",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "none"),
        "GIT_NAMESPACE": "x",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_EXEC_PATH": str(tmp_path / "bin"),
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_REPLACE_REF_BASE": "refs/heads",
        "GIT_SHALLOW_FILE": str(program),
        "GIT_DEFAULT_HASH": "sha256",
    }
    for key, command in COMMANDS.items():
        assert outcome(run(*command, cwd=hostile.path, **variables)) == plain[key], key
    assert not canary.exists()
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_object_is_not_fetched(run: Run, hostile: Repository, tmp_path: Path, command: str) -> None:
    program, canary = canary_program(tmp_path / "bin")
    configure(
        "core.repositoryFormatVersion=1", "extensions.partialClone=origin", "remote.origin.promisor=true",
        "remote.origin.url=ext::% x", "remote.other.promisor=true", "remote.other.url=ssh://host/x",
        "core.sshCommand=%", "protocol.allow=always", "protocol.ext.allow=always", "protocol.ssh.allow=always",
    )(hostile, program)  # fmt: skip
    for name in ("HEAD:committed", "HEAD~2^{tree}"):
        hostile.loose(hostile.id(name)).unlink(missing_ok=True)
    result = run(*COMMANDS[command], cwd=hostile.path)
    assert result.code in {1, 3}
    assert not canary.exists()
    if command in {"history", "named"}:
        assert not result.complete


@pytest.mark.parametrize(("command", "link"), [*zip(COMMANDS, cycle([False, True]))])
def test_configuration_that_is_no_file(
    run: Run, hostile: Repository, plain: dict[str, Outcome], command: str, *, link: bool
) -> None:
    """git does without it, and it is told."""
    config = hostile.git_dir / "config"
    config.unlink()
    config.symlink_to("/dev/zero") if link else os.mkfifo(config)
    code, found, skips = outcome(run(*COMMANDS[command], cwd=hostile.path))
    assert (code, found) == plain[command][:2]
    assert skips == ([] if command in {"scan", "message"} else ["config"])


@pytest.mark.parametrize(("command", "inside"), [*zip(COMMANDS, cycle([True, False]))])
def test_included_configuration_is_not_opened(
    run: Run, hostile: Repository, plain: dict[str, Outcome], command: str, *, inside: bool
) -> None:
    file = (hostile.git_dir if inside else hostile.path.parent) / "fifo"
    os.mkfifo(file)
    with (hostile.git_dir / "config").open("a") as config:
        config.write(f'[core]filemode=true\n[Include] path={file}\n[includeIf "gitdir:/"]\npath = {file}\n')
    code, found, skips = outcome(run(*COMMANDS[command], cwd=hostile.path))
    assert (code, found) == plain[command][:2]
    assert skips == (["fifo"] if inside and command not in {"scan", "message"} else [])


def test_relative_path_entries_supply_no_git(run: Run, hostile: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    program, canary = canary_program(hostile.path / "bin", "git")
    assert program.exists()
    monkeypatch.setenv("PATH", f"bin:.:{os.environ['PATH']}")
    for command in COMMANDS.values():
        assert run(*command, cwd=hostile.path).code == 1
    assert not canary.exists()
