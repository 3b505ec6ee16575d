"""Fold the versions of a file that hold a credential on the same line into one occurrence: pure decisions.

A file that was edited six thousand times around a credential holds it in one place, not in six thousand.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.model.credential import Version, Versions
from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.credential import Commit, Occurrence

_MOST_REFS = 100
_GONE = (State.REMOVED, State.UNREACHABLE)


def folded(occurrences: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    """Return one occurrence for each line of a path, given the versions' in order, the worst state first.

    Where a line holds the credential twice, both stay: the first is folded with the first of other versions. What an
    inline allowance covers is not folded with what it does not, nor what is only staged with what was committed.
    """
    groups: dict[tuple[object, ...], list[Occurrence]] = {}
    met: Counter[tuple[object, ...]] = Counter()
    for one in occurrences:
        is_staged = one.state is State.STAGED
        place = (one.target, one.place, one.path, one.line, one.containers, one.encodings, one.inline, is_staged)
        if not _is_version(one):
            groups[len(groups), *place] = [one]
            continue
        met[one.object, *place] += 1
        groups.setdefault((met[one.object, *place], *place), []).append(one)
    return tuple(_folded(group) if _is_version(group[0]) else group[0] for group in groups.values())


def _is_version(one: Occurrence) -> bool:
    """Return whether the occurrence is in a version of a file that git stores."""
    in_file = one.place is Place.CONTENT or (one.place is Place.PATH and bool(one.containers))
    return in_file and one.object is not None and one.path is not None


def _folded(group: Sequence[Occurrence]) -> Occurrence:
    """Return the newest of the versions in the worst state, with what is true of all of them.

    It was introduced when the first version was, and is removed when the last one is and none is left.
    """
    by_age = _by_age(group)
    worst = group[0].state
    lead = [one for one in by_age if one.state is worst][-1]
    introduced = next((one.introduced for one in by_age if one.introduced), None)
    removals = [one.removed for one in group if one.removed] if worst in _GONE else []
    return lead._replace(
        introduced=introduced,
        removed=max(removals, key=_date, default=None),
        paths=tuple(sorted({path for one in group for path in one.paths})) if len(group) > 1 else lead.paths,
        refs=tuple(dict.fromkeys(ref for one in (lead, *group) for ref in one.refs))[:_MOST_REFS],
        exposure=next((one.exposure for one in group if one.exposure), None),
        rule_ids=tuple(dict.fromkeys(name for one in (lead, *group) for name in one.rule_ids)),
        versions=Versions(len({one.object for one in group}), _version(by_age[0]), _version(by_age[-1])),
    )


def _by_age(group: Sequence[Occurrence]) -> list[Occurrence]:
    """Return the versions from the first to the last; those that no commit holds come last.

    Commits of the same second are ordered by which version replaced which.
    """
    came = {commit.id for one in group if (commit := _brought(one))}
    went = {one.removed.id for one in group if one.removed}

    def age(one: Occurrence) -> tuple[bool, str, bool, bool, str]:
        commit = _brought(one)
        if not commit:
            return True, "", False, False, one.object or ""
        is_last = not (one.removed and one.removed.id in came)
        return False, commit.date, commit.id in went, is_last, one.object or ""

    return sorted(group, key=age)


def _brought(one: Occurrence) -> Commit | None:
    """Return the commit that introduced this version of the file, whatever the previous one held."""
    return one.version or one.introduced


def _date(commit: Commit) -> str:
    return commit.date


def _version(one: Occurrence) -> Version:
    commit = _brought(one)
    return Version(one.object or "", commit.id if commit else None, commit.date if commit else None)
