"""Fold the versions of a file that hold a credential on the same line into one occurrence.

A file that was edited six thousand times around a credential holds it in one place, not in six thousand.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import chain, repeat
from typing import TYPE_CHECKING

from akpatrol.model.credential import Version, Versions
from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.credential import Commit, Occurrence

_MOST_REFS = 100
_GONE = (State.REMOVED, State.UNREACHABLE)


def folded(occurrences: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    """Return one occurrence for each line of a path, given those of all versions in order, the worst state first.

    Where a line holds the credential twice, both stay: the first is folded with the first of other versions. An
    occurrence that an inline allowance covers is not folded with one that it does not cover, nor one that is only
    staged with one that was committed.
    """
    groups: list[list[Occurrence]] = []
    by_place: dict[tuple[object, ...], _PlaceVersions] = defaultdict(_PlaceVersions)
    for occurrence in occurrences:
        if not _is_version(occurrence):
            groups.append([occurrence])
            continue
        place = (
            occurrence.target,
            occurrence.place,
            occurrence.path,
            occurrence.line,
            occurrence.containers,
            occurrence.encodings,
            occurrence.inline,
            occurrence.foreign_inline,
            occurrence.state is State.STAGED,
        )
        versions = by_place[place]
        number = versions.seen[occurrence.object] = versions.seen.get(occurrence.object, 0) + 1
        if number > len(versions.groups):
            versions.groups.append([])
            groups.append(versions.groups[-1])
        versions.groups[number - 1].append(occurrence)
    return tuple(_folded(group) if _is_version(group[0]) else group[0] for group in groups)


class _PlaceVersions:
    """The versions that hold a credential on one line: a group for each time it is there.

    ``seen`` says how often each object had it so far.
    """

    __slots__ = ("groups", "seen")

    def __init__(self) -> None:
        self.groups: list[list[Occurrence]] = []
        self.seen: dict[str | None, int] = {}


def rules_of(occurrence: Occurrence) -> dict[str, int]:
    """Return the rules that found a credential there, each with its ``lines_before``."""
    names = occurrence.rule_ids
    return dict(zip(names, chain(occurrence.lines_before, repeat(0, len(names))), strict=False))


def _is_version(occurrence: Occurrence) -> bool:
    """Return whether the occurrence is in a version of a file that git stores."""
    in_file = occurrence.place is Place.CONTENT or (occurrence.place is Place.PATH and bool(occurrence.containers))
    return in_file and occurrence.object is not None and occurrence.path is not None


def _folded(group: Sequence[Occurrence]) -> Occurrence:
    """Return the newest version in the worst state, with the facts of all of them.

    It was introduced with the first version, and removed with the last one if none is left.
    """
    by_age = _by_age(group) if len(group) > 1 else group
    worst = group[0].state
    lead = next(occurrence for occurrence in reversed(by_age) if occurrence.state is worst)
    introduced = next((occurrence.introduced for occurrence in by_age if occurrence.introduced), None)
    removals = [occurrence.removed for occurrence in group if occurrence.removed] if worst in _GONE else []
    # The same refs hold most versions.
    refs = {id(occurrence.refs): occurrence.refs for occurrence in (lead, *group)}
    rules = rules_of(lead)  # those of the newest come first
    for occurrence in group:
        if occurrence.rule_ids != lead.rule_ids:
            rules |= {**rules_of(occurrence), **rules}
    paths = {occurrence.paths for occurrence in group}
    objects = {occurrence.object for occurrence in group}
    return lead._replace(
        introduced=introduced,
        removed=max(removals, key=_date, default=None),
        paths=tuple(sorted({*chain.from_iterable(paths)})) if len(group) > 1 else lead.paths,
        refs=_merged(tuple(refs.values())),
        exposure=next((occurrence.exposure for occurrence in group if occurrence.exposure), None),
        rule_ids=tuple(rules),
        lines_before=tuple(rules.values()),
        versions=Versions(len(objects), _version(by_age[0]), _version(by_age[-1])),
    )


# Of all credentials of a file they are the same.
@lru_cache(256)
def _merged(refs: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(refs)))[:_MOST_REFS]


def _by_age(group: Sequence[Occurrence]) -> list[Occurrence]:
    """Return the versions in order of age; those that no commit holds come last.

    Commits of the same second are ordered by which version replaced which.
    """
    introducing = {commit.id for occurrence in group if (commit := _brought(occurrence))}
    removing = {occurrence.removed.id for occurrence in group if occurrence.removed}

    def age(occurrence: Occurrence) -> tuple[bool, str, bool, bool, str]:
        commit = _brought(occurrence)
        if not commit:
            return True, "", False, False, occurrence.object or ""
        is_last = not (occurrence.removed and occurrence.removed.id in introducing)
        return False, commit.date, commit.id in removing, is_last, occurrence.object or ""

    return sorted(group, key=age)


def _brought(occurrence: Occurrence) -> Commit | None:
    """Return the commit that introduced this version of the file, whatever the previous one held."""
    return occurrence.version or occurrence.introduced


def _date(commit: Commit) -> str:
    return commit.date


def _version(occurrence: Occurrence) -> Version:
    commit = _brought(occurrence)
    return Version(occurrence.object or "", commit.id if commit else None, commit.date if commit else None)
