"""The types of objects, with as few starts of git as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import catfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.sources.git.runner import Git

_PEELED = "^{}"  # what a tag leads to in the end: https://git-scm.com/docs/gitrevisions


class ObjectTypes:
    """Asks git for types and keeps them; ids that are ``expected`` are asked for with the next others."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._known: dict[str, str] = {}
        self._expected: dict[str, None] = {}

    def expect(self, ids: Iterable[str]) -> None:
        """Ask for these ids too as soon as git is started for others."""
        self._expected.update(dict.fromkeys(ids))

    def of(self, ids: Iterable[str], tags: Iterable[str] = ()) -> dict[str, str]:
        """Return each id with its object's type, "" for an object that git cannot read. Raises GitError.

        Of ``tags``, ids that may be of tags, it learns what they lead to.
        """
        wanted = dict.fromkeys(ids)
        if self._git.plain and self._git.plain.kept.is_complete:
            return self._git.plain.kept.types(wanted)
        if not wanted.keys() <= self._known.keys():
            asked = [id_ for id_ in (wanted | self._expected) if id_ not in self._known]
            self._expected.clear()
            try:
                self._known.update(catfile.types(self._git, [*asked, *(id_ + _PEELED for id_ in tags)]))
            except GitError:  # git dies when it peels a corrupt tag
                self._known.update(catfile.types(self._git, asked))
        return {id_: self._known[id_] for id_ in wanted if id_ in self._known}
