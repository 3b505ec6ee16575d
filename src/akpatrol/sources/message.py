"""A commit message, before the commit."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Content, Origin, Place, Skipped, State
from akpatrol.sources.base import OneTarget
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Item, Placed

# https://git-scm.com/docs/git-commit#Documentation/git-commit.txt---verbose: below these lines git shows the diff.
_SCISSORS = re.compile(rb"^(\S+) -{24} >8 -{24}\n\1 Do not modify or remove the line above\.\n", re.MULTILINE)
_NOT_ADDED = re.compile(rb"^[- ].*$", re.MULTILINE)


class MessageUnit(NamedTuple):
    """The message's file, without the removed and unchanged lines of the diff that ``git commit --verbose`` adds.

    Everything else below the scissors is read: whether git will cut there is unknown here.
    """

    target: str
    path: str
    title: str = "commit message"

    def read(self) -> Iterator[Item]:
        """Yield the message."""
        try:
            with open(self.path, "rb") as stream:
                message = _without_old_lines(stream.read())
        except OSError as error:
            yield Skipped(self.path, error.strerror or "cannot be read")
            return
        name = os.fsencode(os.path.basename(self.path))
        yield Content(Origin(self.target, Place.COMMIT_MESSAGE, name), message, counter="messages")


def _without_old_lines(message: bytes) -> bytes:
    cut = _SCISSORS.search(message)
    return message[: cut.end()] + _NOT_ADDED.sub(b"", message[cut.end() :]) if cut else message


class MessageSource(OneTarget):
    """``akpatrol commit-msg``: the file that git gives to a commit-msg hook."""

    def plan(self) -> Iterator[MessageUnit]:
        """Yield the one file."""
        yield MessageUnit(self._target.id, self._target.root)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding as staged: the commit does not exist yet."""
        for finding in findings:
            yield finding.match, occurrence(finding, State.STAGED)
