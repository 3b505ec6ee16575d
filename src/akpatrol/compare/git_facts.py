"""Ask the repository what no report says: which commits are merges, and what git's diffs do not show.

Scanners that read ``git log -p`` see no content that a merge alone brings, and nothing of a file that git takes for
binary, by its content or by an attribute. https://git-scm.com/docs/gitattributes, https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model.scan import Place
from akpatrol.report.text_safety import path_bytes, path_text
from akpatrol.sources.git.runner import LITERALLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.compare.findings import ComparedFinding
    from akpatrol.sources.git.runner import Git

_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_COMMITS = 5000
_MOST_PATHS = 2000
_LONGEST_PATH = 4096
_LONGEST_PATHS = 1 << 20
"""Bytes of all paths, which are arguments of git."""
_SECONDS = 60.0
_NUMSTAT = (
    "diff-tree", "--stdin", "-r", "--root", "--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=none", "--always", "--pretty=tformat:%H", "--",
)  # fmt: skip
_OFF = frozenset({b"unset"})


class GitFacts(NamedTuple):
    """What a repository says: ``binary`` are commits with paths whose change git does not show.

    ``undiffed`` are paths that an attribute keeps out of diffs, ``in_head`` those that HEAD has, None where that is not
    known; ``sizes`` are of objects in bytes. ``commits`` are those of the findings that it has; of them only reflogs
    reach some, and nothing others. ``unasked`` says that there were too many of them, or why git did not answer.
    """

    commits: frozenset[str] = frozenset()
    merges: frozenset[str] = frozenset()
    in_reflogs: frozenset[str] = frozenset()
    dangling: frozenset[str] = frozenset()
    binary: frozenset[tuple[str, str]] = frozenset()
    undiffed: frozenset[str] = frozenset()
    in_head: frozenset[str] | None = None
    sizes: dict[str, int] = {}  # noqa: RUF012 - never changed
    unasked: str = ""


def ask(git: Git, findings: Iterable[ComparedFinding]) -> GitFacts:
    """Return what git says of the findings' commits, paths and objects."""
    rows = [row for finding in findings for row in finding.all_rows]
    commits = [id_ for id_ in dict.fromkeys(row.commit for row in rows) if id_ and _ID.fullmatch(id_)]
    objects = [id_ for id_ in dict.fromkeys(id_ for row in rows for id_ in row.objects) if _ID.fullmatch(id_)]
    paths = list(dict.fromkeys(row.path for row in rows if row.path and row.place is Place.CONTENT))
    asked, named = commits[:_MOST_COMMITS], _named(paths)
    unasked = "" if len(asked) == len(commits) and len(named) == len(paths) else "git was asked about a part of them"
    try:
        kinds = dict(_kinds(git, [*asked, *objects[:_MOST_COMMITS]]))
        there = [id_ for id_ in asked if kinds.get(id_, ("", 0))[0] == "commit"]
        unreached = _unreached(git, there)
        dangling = _unreached(git, unreached, "--reflog")
        return GitFacts(
            commits=frozenset(there),
            merges=frozenset(_merges(git, there)),
            in_reflogs=frozenset(unreached).difference(dangling),
            dangling=frozenset(dangling),
            binary=frozenset(_binary(git, there, named)),
            undiffed=frozenset(_undiffed(git, named)),
            in_head=_in_head(git, named) if len(named) == len(paths) else None,
            sizes={id_: size for id_, (kind, size) in kinds.items() if kind == "blob"},
            unasked=unasked,
        )
    except GitError as error:
        return GitFacts(unasked=str(error))


def _named(paths: list[str]) -> list[bytes]:
    """Return the paths that git can be asked about: a hostile report has any text for one."""
    named: list[bytes] = []
    room = _LONGEST_PATHS
    for data in map(path_bytes, paths):
        room -= len(data) + 1
        if len(named) == _MOST_PATHS or room < 0:
            break
        if b"\0" not in data and len(data) <= _LONGEST_PATH and not {b"", b".", b".."} & {*data.split(b"/")}:
            named.append(data)
    return named


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{id_}\n" for id_ in ids).encode()


def _kinds(git: Git, ids: list[str]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield those objects that are there, each with its type and size."""
    if not ids:
        return
    for line in git.run("cat-file", "--batch-check", stdin=_lines(ids), deadline=_SECONDS).splitlines():
        words = line.decode("ascii", "replace").split(" ")
        if len(words) == 3 and words[2].isdecimal():  # noqa: PLR2004 - id, type, size
            yield words[0], (words[1], int(words[2]))


def _merges(git: Git, commits: list[str]) -> Iterator[str]:
    if not commits:
        return
    asked = git.run("rev-list", "--no-walk=unsorted", "--parents", "--stdin", stdin=_lines(commits), deadline=_SECONDS)
    for line in asked.decode("ascii", "replace").splitlines():
        first, *parents = line.split(" ")
        if len(parents) > 1:
            yield first


def _unreached(git: Git, commits: list[str], *further: str) -> list[str]:
    """Return the commits that no ref reaches, nor what ``further`` options name."""
    if not commits:
        return []
    listed = git.run("rev-list", "--stdin", "--not", "--all", *further, stdin=_lines(commits), deadline=_SECONDS)
    unreached = {*listed.decode("ascii", "replace").splitlines()}
    return [commit for commit in commits if commit in unreached]


def _binary(git: Git, commits: list[str], paths: list[bytes]) -> Iterator[tuple[str, str]]:
    """Yield the commits, and the paths in them, of whose change git counts no lines."""
    if not commits or not paths:
        return
    words: list[str | bytes] = [LITERALLY, *_NUMSTAT, *paths]
    commit = ""
    for part in git.run(*words, stdin=_lines(commits), deadline=_SECONDS).split(b"\0"):
        text = part.lstrip(b"\n")
        if text.startswith(b"-\t-\t"):
            yield commit, path_text(text[len(b"-\t-\t") :])
        elif b"\t" not in text:
            commit = text.decode("ascii", "replace")


def _undiffed(git: Git, paths: list[bytes]) -> Iterator[str]:
    """Yield the paths of which an attribute says that there is no diff."""
    if not paths:
        return
    asked = b"".join(path + b"\0" for path in paths)
    answer = git.run("check-attr", "-z", "--stdin", "diff", stdin=asked, deadline=_SECONDS).split(b"\0")
    # Three parts for each: path, attribute, value.
    for path, value in zip(answer[::3], answer[2::3], strict=False):
        if value in _OFF:
            yield path_text(path)


def _in_head(git: Git, paths: list[bytes]) -> frozenset[str] | None:
    """Return the paths that HEAD has, None without a HEAD."""
    words: list[str | bytes] = [LITERALLY, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD", "--"]
    words += paths
    try:
        listed = git.run(*words, deadline=_SECONDS) if paths else b""
    except GitError:
        return None
    return frozenset(path_text(path) for path in listed.split(b"\0") if path)
