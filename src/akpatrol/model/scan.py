"""The frozen values that pass between stages before anything is found, and their enumerations.

``Chunk`` -> (engine) ``Match`` -> (scan) ``RawFinding`` -> (source) ``Occurrence`` -> (group) ``Credential`` ->
``Report``. Content that could not be read is a ``Skipped`` value that takes the same way; values that exist only once
something is found are in ``credential.py``. All are named tuples: a frozen dataclass takes five times as long to
define, which a hook does on every commit, and to make, which a scan does for every file and object.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.kinds import CredentialKind

    FindConstants = Callable[[int], "Sequence[Constant]"]


# Bytes around the start of a match that the engine may read; sources overlap their blocks by this much.
REACH_BEFORE = 1024
REACH_AFTER = 2048


class Confidence(IntEnum):
    """How sure the judge is that the text is a credential at all."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Attribution(StrEnum):
    """Whether the credential is Anyreach's."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    OPEN = "open"


class Severity(IntEnum):
    """How bad a leak of the credential is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Exposure(StrEnum):
    """Who else can read the place where a credential is."""

    BROWSER = "browser"


class Place(StrEnum):
    """Which part of a target the bytes are."""

    CONTENT = "content"
    PATH = "path"
    COMMIT_MESSAGE = "commit_message"
    AUTHOR = "author"
    COMMITTER = "committer"
    TAG_MESSAGE = "tag_message"
    TAGGER = "tagger"
    REF_NAME = "ref_name"
    GIT_DIR = "git_dir"


class End(StrEnum):
    """Whether it is known where a credential ends in the bytes that hold it."""

    CERTAIN = "certain"
    UNCERTAIN = "uncertain"


class State(StrEnum):
    """Where the occurrence is now, worst first."""

    WORKTREE = "worktree"
    STAGED = "staged"
    PRESENT = "present"
    REMOVED = "removed"
    UNREACHABLE = "unreachable"
    IGNORED = "ignored"


class StateReason(StrEnum):
    """Why an unreachable object still exists."""

    STASH = "stash"
    REFLOG = "reflog"
    DANGLING = "dangling"


class Exclusion(StrEnum):
    """Why something is excluded by design."""

    SYMLINK = "symlink"
    SPECIAL_FILE = "special_file"
    GIT_DIRECTORY = "git_directory"
    SUBMODULE = "submodule"
    EXCLUDE_OPTION = "exclude_option"
    DELETED = "deleted"
    GIT_LFS_POINTER = "git_lfs_pointer"
    NOT_IN_INDEX = "not_in_index"
    ENCRYPTED = "encrypted"
    NOT_RECENT = "not_recent"


class Secret:
    """Bytes that print as a mask everywhere; only ``reveal`` returns them.

    ``shown`` is public text for the mask to begin with, for a secret whose rule is not one of ours.
    """

    __slots__ = ("_value", "shown")
    is_kept = True

    def __init__(self, value: bytes, shown: str | None = None) -> None:
        self._value = value
        self.shown = shown

    def reveal(self) -> bytes:
        """Return the raw secret."""
        return self._value

    @property
    def redacted(self) -> str:
        """The public beginning, and the length in characters; of ours, at most four characters after the prefix."""
        from akpatrol.kinds import KINDS  # noqa: PLC0415 - a clean commit has no secret

        text = self._value.decode("utf-8", "backslashreplace")
        if self.shown is not None:
            return f"{self.shown}***({len(text)})"
        is_ours = any(text.startswith(kind.prefix) for kind in KINDS if kind.prefix)
        prefix, underscore, body = text.partition("_")
        # Four characters are too much of a short one, and of what is not known to have a public prefix.
        if not underscore or len(prefix) > 3 or len(body) < 16 or not is_ours:  # noqa: PLR2004
            return f"***({len(text)})"
        return f"{prefix}_{body[:4]}***({len(text)})"

    def __repr__(self) -> str:
        return f"Secret({self.redacted})"

    def __str__(self) -> str:
        return self.redacted

    def __format__(self, spec: str) -> str:
        return format(self.redacted, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[type[Secret], tuple[bytes, str | None]]:
        return (Secret, (self._value, self.shown))


class Origin(NamedTuple):
    """The source of a chunk's bytes. ``path`` is relative to its target; ``object`` is a git id in hex."""

    target: str
    place: Place = Place.CONTENT
    path: bytes | None = None
    object: str | None = None
    containers: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()


class Part(NamedTuple):
    """A part of a member with a label of its own, such as a value of a table, at the start of a line.

    It begins at ``start``, so many ``lines`` before the offset that was asked for. ``repeats`` says that its text is
    a copy of another part's.
    """

    label: str
    start: int
    lines: int
    repeats: bool = False


class Content(NamedTuple):
    """One whole file, object or member. ``data`` is its beginning, or all of it where ``read`` is None.

    ``read(n)`` returns the next bytes after ``data``, fewer than ``n`` only at the end. ``at(offset, n)`` returns any
    part of the whole, where that is possible. ``size`` is in bytes, where it is known; ``named`` says that the caller
    named the file. The examiner counts it under ``counter``, a key of ``coverage.counts``; None when the source counts.
    ``part_at(offset)`` names the part of it that an offset is in, for findings alone.
    """

    origin: Origin
    data: bytes
    read: Callable[[int], bytes] | None = None
    at: Callable[[int, int], bytes] | None = None
    size: int | None = None
    named: bool = False
    counter: str | None = None
    part_at: Callable[[int], Part | None] | None = None


class Constant(NamedTuple):
    """A string constant of a program at ``[start, end)``; ``is_proven`` says that more than one fact gives its end.

    ``is_guess`` says that it may be something else: its length is only a number near the code that uses it, or it may
    be several.
    """

    start: int
    end: int
    is_proven: bool
    is_guess: bool = False


class Chunk(NamedTuple):
    """A part of one file or object.

    ``data`` starts ``offset`` bytes into the whole, at ``line`` and ``column`` (1-based, column in characters).
    Only matches that start in ``data[begin:end]`` belong to this chunk; the rest is overlap for context.
    ``names`` says that the data are names separated by NUL, each a separate entry; the first ``files`` of them are the
    whole paths of files. Of a program, ``constants`` returns those that hold the byte at an offset of ``data``.
    """

    origin: Origin
    data: bytes
    offset: int = 0
    line: int = 1
    column: int = 1
    begin: int = 0
    end: int | None = None
    names: bool = False
    files: int = 0
    constants: FindConstants | None = None


class Skipped(NamedTuple):
    """An item that should have been scanned but could not be."""

    item: str
    reason: str
    accepted: str | None = None


class Uncacheable(Skipped):
    """Not a skip: ``item`` was read, but its result depends on outside state, so it is not cached."""

    __slots__ = ()


class Counted(NamedTuple):
    """A unit of work done: ``name`` is a key of ``coverage.counts``, ``size`` in bytes.

    ``stored`` is the number of bytes that it takes where it is compressed, for progress alone.
    """

    name: str
    number: int = 1
    size: int = 0
    stored: int = 0


class Excluded(NamedTuple):
    """Things left out by design."""

    reason: Exclusion
    number: int = 1


class JoinedRule(NamedTuple):
    """A user's rule whose match joined that of another rule, and began ``lines_before`` lines above that one's secret.

    Unless both found the ``same`` secret, it counts only where the other rule does.
    """

    rule_id: str
    lines_before: int = 0
    same: bool = True


class Match(NamedTuple):
    """A match of the engine in ``data[start:end]`` of one chunk, inside these ``encodings``.

    ``others`` are users' rules that found it too, the most specific first. Where its end is not certain, ``secret`` is
    the longest reading: it may end anywhere before. ``waiting`` are allowlists, by rule and number, that cover it where
    they fit its path and commit too. The text that the pattern matches begins ``lines_before`` lines above the secret.
    ``superseded`` has those of its rules that do not count where one of some other rules does.
    """

    rule_id: str
    kind: CredentialKind
    secret: Secret
    start: int
    end: int
    confidence: Confidence
    attribution: Attribution
    exposure: Exposure | None = None
    encodings: tuple[str, ...] = ()
    others: tuple[JoinedRule, ...] = ()
    ending: End = End.CERTAIN
    waiting: tuple[tuple[str, int], ...] = ()
    lines_before: int = 0
    superseded: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that found it; the first names it."""
        return (self.rule_id, *[other.rule_id for other in self.others]) if self.others else (self.rule_id,)

    @property
    def lines_before_by_rule(self) -> tuple[int, ...]:
        """The lines between the text of a rule and the secret, for each of ``rule_ids``."""
        others = self.others
        return (self.lines_before, *[other.lines_before for other in others]) if others else (self.lines_before,)


class Target(NamedTuple):
    """A target of the scan; ``root`` is its absolute path, ``base`` the enclosing repository's root.

    ``api`` is where something that is no file is asked for.
    """

    id: str
    kind: str
    root: str
    remote: str | None = None
    head: str | None = None
    base: str | None = None
    api: str | None = None
