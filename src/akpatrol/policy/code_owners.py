"""Whom a CODEOWNERS file names for a path, by the rules of GitHub and of GitLab.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
and https://docs.gitlab.com/user/project/codeowners/reference/. Both take the last pattern that matches. A line in
brackets begins one of GitLab's sections, each of which has its own owners; at GitHub no pattern begins so.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import matcher
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it may lie, in the order in which GitHub looks, and GitLab in those places that it knows."""

# ^[name][approvals], and the owners of its patterns that name none.
_SECTION = re.compile(r"\^?\[([^\]]+)\](?:\[\d+\])?(?:\s+(.*))?")
_SPACE = re.compile(r"(?<!\\)\s+")
_DIRECTLY_IN = "/*"
_MOST_OWNERS, _LONGEST_OWNER = 100, 254


class OwnedPattern:
    """A pattern with its owners; one that is ``excluded`` leaves its paths without any."""

    def __init__(self, pattern: str, owners: tuple[str, ...]) -> None:
        self.excluded = pattern.startswith("!")
        self.owners = () if self.excluded else owners
        self._pattern = pattern.removeprefix("!")

    def matches(self, path: bytes) -> bool:
        """Return whether the pattern is of this path."""
        if self._depth is not None and path.count(b"/") != self._depth:
            return False
        return self._matches(path, False)  # noqa: FBT003 - a callable's argument

    @cached_property
    def _depth(self) -> int | None:
        """The slashes in a path, where only files directly in a directory match, unlike in .gitignore."""
        is_direct = self._pattern.endswith(_DIRECTLY_IN) and "**" not in self._pattern
        return self._pattern.strip("/").count("/") if is_direct else None

    @cached_property
    def _matches(self) -> Callable[[bytes, bool], bool]:
        try:
            return matcher([self._pattern])
        except UsageError:
            return matcher(())  # a line that cannot be understood is left out, as the forges do


class CodeOwners:
    """The content of a CODEOWNERS file."""

    def __init__(self, text: str) -> None:
        self._sections: dict[str, list[OwnedPattern]] = {}
        self._found: dict[bytes, tuple[str, ...]] = {}
        for section, pattern in _patterns(text):
            self._sections.setdefault(section, []).append(pattern)

    def of(self, path: bytes) -> tuple[str, ...]:
        """Return the owners of a path from the tree's root: in each section, those of the last matching pattern."""
        if path not in self._found:
            last = (
                next((entry for entry in reversed(entries) if entry.matches(path)), None)
                for entries in self._sections.values()
            )
            owners = tuple(dict.fromkeys(owner for entry in last if entry for owner in entry.owners))
            self._found[path] = owners[:_MOST_OWNERS]
        return self._found[path]


def _patterns(text: str) -> Iterator[tuple[str, OwnedPattern]]:
    section, shared = "", _owners([])
    for line in text.splitlines():
        words = _words(line)
        if heading := _SECTION.fullmatch(" ".join(words)):
            section, shared = heading[1].strip().lower(), _owners((heading[2] or "").split())
        elif words:
            yield section, OwnedPattern(words[0], _owners(words[1:]) or shared)


def _words(line: str) -> list[str]:
    """Return the words of a line up to its comment; a space in a path has a backslash in front."""
    words = [word for word in _SPACE.split(line.strip()) if word]
    comment = next((number for number, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:comment]


def _owners(words: list[str]) -> tuple[str, ...]:
    """Return users, teams, roles and addresses: all of them have an ``@``."""
    return tuple(word for word in words if "@" in word and len(word) <= _LONGEST_OWNER)[:_MOST_OWNERS]
