"""The base commit of a range: the side that the range's author cannot have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git.runner import LITERALLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git

_DEFAULTS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")
_MOST_FILES = 1000
_LARGEST_BYTES = 8 << 20


def commit(git: Git, revisions: Sequence[str], trunk: str = "") -> str | None:
    """Return the id of the range's base, None when there is none.

    Of several starts it is the one that contains the others; otherwise the merge base with the default branch.
    With a ``trunk``, a ref, it is the merge base of that and this one.
    """
    found = _start(git, revisions)
    if not found or not trunk:
        return found
    return next(iter(_ids(git, "merge-base", "--end-of-options", trunk, found)), None)


def _start(git: Git, revisions: Sequence[str]) -> str | None:
    cut = revisions.index("--not") if "--not" in revisions else len(revisions)
    tips, starts = revisions[:cut], [name for name in revisions[cut + 1 :] if not name.startswith("--")]
    if starts:
        latest = _ids(git, "merge-base", "--independent", *starts)
        if len(latest) == 1:
            return latest[0]
    named = [tip for tip in tips if not tip.startswith("--")]
    for name in _DEFAULTS if named else ():
        if default := _ids(git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"):
            return next(iter(_ids(git, "merge-base", default[0], named[0])), None)
    return None


def contents_with(git: Git, id_: str, text: bytes) -> Iterator[bytes]:
    """Yield the content of the files of a commit that hold a text of one line; of enormous ones nothing."""
    if not text or b"\n" in text or b"\0" in text:
        return
    try:
        # The text goes through standard input: it is a secret, and arguments can be seen by others.
        options = ("-a", "-l", "-z", "--full-name", "--no-textconv", "--no-recurse-submodules", "-F", "-f", "-")
        listed = git.run(LITERALLY, "grep", *options, id_, stdin=text + b"\n", accept=(0, 1))
        for name in listed.split(b"\0")[:_MOST_FILES]:
            if name and int(git.run("cat-file", "-s", name)) <= _LARGEST_BYTES:
                yield git.run("cat-file", "blob", name)
    except (GitError, ValueError):
        return  # what cannot be shown to have been there counts as new


def _ids(git: Git, *arguments: str) -> list[str]:
    try:
        return git.run(*arguments, accept=(0, 1)).decode("ascii", "replace").split()
    except GitError:
        return []
