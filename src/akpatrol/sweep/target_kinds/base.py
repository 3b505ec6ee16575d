"""The protocol of a kind of target: what names one, whether it is as it was, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.scan import Skipped, Target
    from akpatrol.sources.base import Source
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.urls import CloneWanted

    Planned = Target | Skipped | CloneWanted
    Matcher = Callable[[bytes, bool], bool]


class ReadingTerms(NamedTuple):
    """How a target is read: ``leaves_out`` returns, for a root, which paths are left out; with a ``cache`` or none.

    With ``range_bytes`` it is to be divided, into units of about that size.
    """

    leaves_out: Callable[[str], Matcher]
    cache: ScanCache | None
    range_bytes: int = 0


class TargetNaming(Protocol):
    """One word of a command line or a list that a kind has accepted; equal words are equal."""

    def targets(self, first: Callable[[bytes | str], bool], number: Callable[[], str]) -> Iterator[Planned]:
        """Yield the targets that it names.

        ``first`` returns whether an identity is met for the first time, ``number`` the id of a new target. What cannot
        be listed is a skip.
        """

    def __hash__(self) -> int: ...


class TargetKind(Protocol):
    """A kind of target."""

    def named(self, word: str, *, versions: bool) -> TargetNaming:
        """Return what a word names; with ``versions``, the earlier versions of it too.

        Raises UsageError, whose message shows no password. Sends nothing.
        """

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return the signature of a target: while it is unchanged, the target need not be read. Does not raise."""

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of a target. Raises AkpatrolError and OSError for one that cannot be opened."""

    def exists(self, target: Target) -> bool:
        """Return whether a target is still there; one that cannot be asked is."""
