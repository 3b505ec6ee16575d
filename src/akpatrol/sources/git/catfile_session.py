"""One git that answers for single objects as long as it is asked: to start it takes longer than the answers.

https://git-scm.com/docs/git-cat-file#Documentation/git-cat-file.txt---batch-command; git has it since version 2.36.
"""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from akpatrol.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.sources.git.conversation import Conversation
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

_Answer = TypeVar("_Answer")
_REQUESTS = 50
_LONGEST_REQUEST = 4096  # bytes
# git dies of a corrupt object, and an old one of its arguments.
_MOST_DEATHS = 3


class _Session:
    """The git of one repository."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.open: Conversation | None = None
        self.deaths = 0

    def close(self) -> None:
        if self.open:
            self.open.close()
            self.open = None


_SESSIONS: WeakKeyDictionary[Git, _Session] = WeakKeyDictionary()


def answers(
    git: Git, command: bytes, names: Sequence[bytes], parse: Callable[[Stream, bytes], _Answer]
) -> list[_Answer] | None:
    """Return the answer to ``info`` or ``contents`` for each name, None where they have to be found in another way.

    ``parse`` is given git's output and the first line of an answer, and reads the rest of it.
    """
    session = _SESSIONS.setdefault(git, _Session())
    with session.lock:
        if session.deaths >= _MOST_DEATHS:
            return None
        try:
            session.open = session.open or git.conversation("cat-file", "--batch-command")
            return list(_answered(session.open, command, iter(names), parse))
        except (GitError, OSError):
            session.deaths += 1
            session.close()
            return None
        except BaseException:
            session.close()  # its other answers would be taken for those to the next questions
            raise


def _answered(
    conversation: Conversation, command: bytes, names: Iterator[bytes], parse: Callable[[Stream, bytes], _Answer]
) -> Iterator[_Answer]:
    while some := list(islice(names, _REQUESTS)):
        if any(b"\n" in name or len(name) > _LONGEST_REQUEST for name in some):
            raise GitError("git cannot be asked for this name")
        conversation.ask(b"".join([b"%s %s\n" % (command, name) for name in some]))
        for _ in some:
            line = conversation.stream.readline()
            if not line:
                conversation.stream.finish()
                raise GitError("git has ended")
            yield parse(conversation.stream, line)
