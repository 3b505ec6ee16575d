"""A scanned repository cannot run code, hide content or change what is reported, in any command that touches git."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.repositories import Repository, canary_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Result, Run

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


@pytest.fixture
def hostile(repo: Repository, new_key: Callable[[], str]) -> Repository:
    """A repository with a credential everywhere: old, committed, in a merge, staged, untracked, ignored."""
    repo.write(".gitignore", "ignored\n")
    repo.commit_file("removed", new_key())
    raw = repo.git("cat-file", "commit", "HEAD").partition("\n\n")
    signed = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{raw[0]}\n{SIGNATURE}\n\nNote\n")
    repo.git("reset", "-q", "--hard", signed)
    repo.git("rm", "-q", "removed")
    repo.commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("side", new_key())
    repo.git("checkout", "-q", "main")
    repo.commit_file("committed", new_key())
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.commit_file("evil", new_key(), "Merge")
    repo.write("dir/staged", new_key())
    repo.git("add", "dir/staged")
    for name in ("untracked", "ignored", "message"):
        repo.write(name, new_key())
    return repo


def configure(*settings: str) -> Callable[[Repository, Path], None]:
    """Return what writes settings; ``%`` stands for the planted program."""

    def apply(repo: Repository, program: Path) -> None:
        for setting in settings:
            name, _, value = setting.partition("=")
            repo.git("config", name, value.replace("%", str(program)))

    return apply


def attributes(*where: str) -> Callable[[Repository, Path], None]:
    """Return what gives every file drivers that run the planted program, and hides it from diffs."""

    def apply(repo: Repository, program: Path) -> None:
        for key in ("diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge",
                    "filter.evil.process", "merge.evil.driver", "diff.external"):  # fmt: skip
            repo.git("config", key, str(program))
        for path in where:
            repo.write(path, "* -text diff=evil filter=evil merge=evil\nevil -diff\ncommitted -diff binary\n")
        repo.git("config", "core.attributesFile", str(repo.git_dir / "more"))
        repo.write(".git/more", "* diff=evil filter=evil\n")

    return apply


def fsmonitor(repo: Repository, program: Path) -> None:
    """Plant a monitor, in the index too."""
    repo.git("config", "core.fsmonitor", str(program))
    repo.git("config", "core.fsmonitorHookVersion", "1")
    repo.git("config", "core.untrackedCache", "true")
    repo.git("update-index", "--fsmonitor")
    repo.git("status")


def hooks(repo: Repository, program: Path) -> None:
    """Plant every hook, here and elsewhere."""
    elsewhere = repo.git_dir / "elsewhere"
    for directory in (repo.git_dir / "hooks", elsewhere):
        directory.mkdir(exist_ok=True)
        for name in ("post-index-change", "reference-transaction", "pre-commit", "post-checkout", "fsmonitor-watchman",
                     "pre-auto-gc", "commit-msg", "proc-receive", "update"):  # fmt: skip
            shutil.copy(program, directory / name)
    repo.git("config", "core.hooksPath", str(elsewhere))


def replaced(repo: Repository, _program: Path) -> None:
    """Replace commits, a tree and blobs by harmless ones."""
    empty = repo.git("mktree")
    blob = repo.blob("harmless\n")
    commit = repo.git("commit-tree", "-m", "harmless", empty)
    chosen = {"HEAD": commit, "HEAD~2": commit, "HEAD^2:side": blob, ":dir/staged": blob, "HEAD~1^{tree}": empty}
    for id_, other in [(repo.id(name), other) for name, other in chosen.items()]:
        repo.git("replace", "-f", id_, other)


def grafts(repo: Repository, _program: Path) -> None:
    """Cut history off behind HEAD."""
    repo.write(".git/info/grafts", repo.id("HEAD") + "\n" + repo.id("HEAD^1") + "\n")


def excluded(repo: Repository, _program: Path) -> None:
    """Let a file outside the tree ignore everything."""
    repo.write(".git/everything", "*\n")
    repo.git("config", "core.excludesFile", str(repo.git_dir / "everything"))


def sparse(repo: Repository, _program: Path) -> None:
    """Claim that nothing is checked out."""
    repo.git("config", "core.sparseCheckout", "true")
    repo.write(".git/info/sparse-checkout", "/none\n")


def elsewhere(repo: Repository, _program: Path) -> None:
    """Name another work tree."""
    other = repo.path.parent / "other"
    other.mkdir()
    (other / "ignored").write_text("x")
    repo.git("config", "core.worktree", str(other))


def flags(repo: Repository, _program: Path) -> None:
    """Mark all files of the index."""
    listed = repo.git("ls-files")
    repo.git("update-index", "--assume-unchanged", "--stdin", stdin=listed + "\n")
    repo.git("update-index", "--skip-worktree", "--stdin", stdin=listed + "\n")


def commit_graph(repo: Repository, _program: Path) -> None:
    """Leave a commit graph that lies: it was written while history was cut off."""
    repo.git("commit-graph", "write", "--reachable")
    (graph,) = (repo.git_dir / "objects/info").glob("commit-graph*")
    content = bytearray(graph.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    graph.chmod(0o644)
    graph.write_bytes(content)


SETTINGS: dict[str, Callable[[Repository, Path], None]] = {
    "attributes in the tree": attributes(".gitattributes"),
    "attributes in the repository": attributes(".git/info/attributes"),
    "fsmonitor": fsmonitor,
    "hooks": hooks,
    "replace": replaced,
    "grafts": grafts,
    "excludesFile": excluded,
    "sparse": sparse,
    "worktree": elsewhere,
    "bare": configure("core.bare=true"),
    "flags": flags,
    "commit graph": commit_graph,
    "pager": configure(
        "core.pager=%", "pager.cat-file=%", "pager.rev-list=%", "pager.diff-tree=%", "pager.ls-files=true"
    ),
    "ssh": configure(
        "core.sshCommand=%",
        "core.gitProxy=%",
        "core.askPass=%",
        "credential.helper=%",
        "protocol.allow=always",
        "protocol.ext.allow=always",
    ),
    "programs": configure(
        "core.editor=%",
        "sequence.editor=%",
        "core.alternateRefsCommand=%",
        "uploadpack.packObjectsHook=%",
        "gpg.ssh.defaultKeyCommand=%",
        "diff.tool=%",
        "merge.tool=%",
        "browser.x.cmd=%",
        "trace2.eventTarget=%",
        "interactive.diffFilter=%",
    ),
    "signatures": configure("log.showSignature=true", "gpg.program=%", "gpg.openpgp.program=%", "gpg.format=openpgp"),
    "aliases": configure("alias.cat-file=!%", "alias.rev-list=!%", "alias.diff-index=!%", "alias.ls-files=!%"),
    "colours": configure("color.ui=always", "color.diff=always", "diff.colorMoved=zebra"),
    "log": configure(
        "log.showRoot=false",
        "log.follow=true",
        "log.diffMerges=first-parent",
        "format.pretty=%h",
        "log.date=relative",
        "i18n.logOutputEncoding=UTF-16",
        "core.abbrev=4",
        "log.decorate=full",
    ),
    "diff": configure(
        "diff.renames=copies",
        "diff.ignoreSubmodules=all",
        "diff.noprefix=true",
        "diff.relative=true",
        "diff.orderFile=/dev/null",
        "diff.submodule=log",
        "diff.wsErrorHighlight=all",
        "diff.algorithm=patience",
    ),
    "paths": configure(
        "core.quotePath=true",
        "core.ignoreCase=true",
        "core.protectNTFS=true",
        "core.symlinks=false",
        "core.autocrlf=true",
        "core.fileMode=false",
        "core.safecrlf=true",
    ),
    "limits": configure(
        "core.bigFileThreshold=1",
        "core.packedGitLimit=1m",
        "core.deltaBaseCacheLimit=1",
        "pack.threads=1",
        "transfer.hideRefs=refs",
        "uploadpack.hideRefs=refs",
        "core.logAllRefUpdates=false",
    ),
    "large repositories": configure(
        "feature.manyFiles=true", "index.sparse=true", "core.splitIndex=true", "index.skipHash=true"
    ),
    "promisor": configure(
        "remote.origin.promisor=true",
        "remote.origin.partialCloneFilter=blob:none",
        "remote.origin.url=ext::% %S",
        "extensions.partialClone=origin",
        "core.repositoryFormatVersion=1",
    ),
}


def outcome(result: Result) -> tuple[int, Any, Any]:
    """Return what must not change: the exit code, all findings, and what was skipped."""
    return result.code, result.json.get("credentials"), [skip["item"] for skip in result.skipped]


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_changes_nothing_and_runs_nothing(run: Run, hostile: Repository, tmp_path: Path, name: str) -> None:
    before = {key: outcome(run(*command, cwd=hostile.path)) for key, command in COMMANDS.items()}
    assert {code for code, _, _ in before.values()} == {1}
    program, canary = canary_program(tmp_path / "bin")
    SETTINGS[name](hostile, program)
    canary.unlink(missing_ok=True)
    after = {key: outcome(run(*command, cwd=hostile.path)) for key, command in COMMANDS.items()}
    for key in COMMANDS:
        assert after[key] == before[key], key
    assert not canary.exists(), canary.read_text()


def test_environment_changes_nothing_and_runs_nothing(run: Run, hostile: Repository, tmp_path: Path) -> None:
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
        plain = outcome(run(*command, cwd=hostile.path))
        assert outcome(run(*command, cwd=hostile.path, **variables)) == plain, key
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


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("file", ["config", "included"])
def test_configuration_behind_a_fifo_ends(
    run: Run, hostile: Repository, monkeypatch: pytest.MonkeyPatch, command: str, file: str
) -> None:
    monkeypatch.setattr("akpatrol.sources.git.runner._CONFIGURATION_SECONDS", 1)
    if file == "config":
        (hostile.git_dir / "config").unlink()
        os.mkfifo(hostile.git_dir / "config")
    else:
        os.mkfifo(hostile.git_dir / "fifo")
        hostile.git("config", "include.path", "fifo")
    result = run(*COMMANDS[command], cwd=hostile.path)
    if command in {"scan", "message"}:
        assert result.code == 1
    else:
        assert result.code in {2, 3}
        assert "config" in result.err + str(result.skipped)


@pytest.mark.parametrize("name", ["packed-refs", "shallow", "objects/info/alternates", "info/attributes", "logs/HEAD"])
def test_other_files_that_are_fifos(run: Run, hostile: Repository, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for limit in ("_CONFIGURATION_SECONDS", "_ANSWER_SECONDS", "_SILENCE_SECONDS"):
        monkeypatch.setattr(f"akpatrol.sources.git.runner.{limit}", 1)
    monkeypatch.setattr("akpatrol.sources.git.describe._FIRST_ANSWER_SECONDS", 1)
    file = hostile.git_dir / name
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    result = run("history", cwd=hostile.path)
    assert result.code in {1, 2, 3}


def test_relative_path_entries_supply_no_git(run: Run, hostile: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    program, canary = canary_program(hostile.path / "bin", "git")
    assert program.exists()
    monkeypatch.setenv("PATH", f"bin:.:{os.environ['PATH']}")
    for command in COMMANDS.values():
        assert run(*command, cwd=hostile.path).code == 1
    assert not canary.exists()
