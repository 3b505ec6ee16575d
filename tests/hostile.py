"""What a hostile repository says of itself: settings, attributes, hooks and files that run programs or hide content."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.repositories import Repository


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
