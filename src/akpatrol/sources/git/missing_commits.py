"""Walk a history with missing commits: git fails at the first one, so it gets a list of where to stop."""

from __future__ import annotations

import os
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.sources.git import catfile
from akpatrol.sources.git.refs import reflogs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.sources.git.refs import Refs
    from akpatrol.sources.git.runner import Git


class IncompleteHistory(NamedTuple):
    """A history with missing commits: ``git`` stops at each commit that has a missing parent.

    ``missing_parents`` maps these commits to their missing parents. ``tips`` are all readable commits that refs and
    reflogs name.
    """

    git: Git
    missing_parents: Mapping[str, tuple[str, ...]]
    tips: tuple[str, ...]


@contextmanager
def skipping_missing(git: Git, refs: Refs) -> Iterator[IncompleteHistory]:
    """Yield a git that walks the existing commits. Raises GitError if the object database cannot be listed."""
    objects = dict(catfile.all_types(git))
    parents = dict(_parents(git, [id_ for id_, type_ in objects.items() if type_ == "commit"]))
    broken = {
        id_: of_commit for id_, of_commit in parents.items() if any(parent not in parents for parent in of_commit)
    }
    # A corrupt commit is reported by the code that reads all objects.
    missing_parents = {
        id_: tuple(parent for parent in of_commit if parent not in objects) for id_, of_commit in broken.items()
    }
    tips = tuple(id_ for id_ in (*refs.seeds, *reflogs(git)) if id_ in parents)
    with NamedTemporaryFile(prefix="akpatrol-") as file:
        file.write("".join(f"{id_}\n" for id_ in (*broken, *shallow_boundary(git))).encode())
        file.flush()
        yield IncompleteHistory(git.with_shallow_file(file.name), missing_parents, (*tips, *refs.others))


def shallow_boundary(git: Git) -> frozenset[str]:
    """Return the ids of commits without parents in a shallow clone, or for this git. Raises GitError."""
    file = os.fsencode(git.shallow_file) or os.path.join(git.repository.common_dir, b"shallow")
    if not os.path.isfile(file):
        return frozenset()
    try:
        with open(file, "rb") as stream:
            return frozenset(stream.read().decode("ascii", "replace").split())
    except OSError as error:
        raise GitError(f"shallow: {error.strerror}") from None


def _parents(git: Git, ids: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for item in catfile.objects(git, ids):
        if isinstance(item, catfile.GitObject):
            data = item.read(item.size)
            if len(data) == item.size:
                header = data.partition(b"\n\n")[0].decode("ascii", "replace").split("\n")
                yield item.id, tuple(line[7:] for line in header if line.startswith("parent "))
