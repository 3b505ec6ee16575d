"""Refs, HEADs and reflogs, each read once: planning, provenance and completeness share what git answered."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from akpatrol.sources.git import refs
from akpatrol.sources.git.object_types import ObjectTypes

if TYPE_CHECKING:
    from akpatrol.sources.git.plain.plain_refs import PlainRefs
    from akpatrol.sources.git.refs import Refs
    from akpatrol.sources.git.runner import Git


class RefSnapshot:
    """What the names of a repository led to when it was first asked. A property that raises GitError is not kept.

    With ``again``, refs that were read before are read again.
    """

    def __init__(self, git: Git, *, again: bool = False) -> None:
        self._git = git
        self._again = again
        self._types = ObjectTypes(git)

    @cached_property
    def _plain(self) -> PlainRefs | None:
        plain = self._git.plain
        if not plain:
            return None
        return plain.refs_now() if self._again else plain.refs

    @cached_property
    def listing(self) -> list[tuple[str, str]]:
        """The id and full name of each ref."""
        if self._plain:
            return self._plain.listing
        return refs.listing(self._git)

    @cached_property
    def named(self) -> list[tuple[str, str]]:
        """The id and name of each ref, of HEAD, and of each linked work tree's HEAD."""
        if self._plain:
            return [*self._plain.listing, *([(self._plain.head, "HEAD")] if self._plain.head else [])]
        return [*self.listing, *refs.heads(self._git, self.listing)]

    @cached_property
    def reflogs(self) -> dict[str, str]:
        """Every commit that a reflog names, with the ref whose reflog it is."""
        return refs.reflogs(self._git)

    @cached_property
    def refs(self) -> Refs:
        """What the names lead to."""
        self._types.expect(self.reflogs)
        return refs.resolved(self._git, self.named, self._types)

    @cached_property
    def lost(self) -> dict[str, str]:
        """The commits that a reflog names and that do not exist, with the ref."""
        types = self._types.of(self.reflogs)
        return {id_: name for id_, name in self.reflogs.items() if not types.get(id_)}

    def tips(self) -> frozenset[str]:
        """Return the ids that refs, HEADs and reflogs name. Raises GitError, also where reflogs are not in files."""
        refs.ensure_files(self._git)
        return frozenset({*(id_ for id_, _ in self.named), *self.reflogs})
