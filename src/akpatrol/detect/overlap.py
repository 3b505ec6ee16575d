"""Join overlapping matches of several rules: one names the place, and the others join it.

A match of a user's rule that holds more than a little text beside the match that names the place, or another random
text, is about something else and stays. So do several matches of one rule within another match. Where it is open
whether the rule that names a place applies there, what would name it otherwise stays too, in case it does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import defaultdict
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from akpatrol.detect.judge import POSSIBLE
from akpatrol.detect.likelihood import score
from akpatrol.model.scan import JoinedRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.model.scan import Match
    from akpatrol.rules.precedence import Precedence

_LONGEST_BYTES = 4096  # a longer match is not one secret
_BESIDE_BYTES = 64  # of quotes, a name and a sign
_TOKEN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"
_LONG_RUN = re.compile(rb"[0-9A-Za-z_-]{16,}")
_start = attrgetter("start")


def joined(
    data: bytes,
    matches: Sequence[Match],
    of: Callable[[str], Precedence],
    is_limited: Callable[[str, str], bool] | None = None,
) -> list[Match]:
    """Return the matches in ``data``, in order, without those of users' rules that join another one.

    ``is_limited(rule, other)`` says that a rule may not apply at the place, for all that is known, where another does.
    """
    kept = [match for match in matches if match.end - match.start > _LONGEST_BYTES]
    group: list[Match] = []
    stop = 0
    for match in sorted((other for other in matches if other.end - other.start <= _LONGEST_BYTES), key=_start):
        if group and match.start >= stop:
            kept += _named_or_else(data, group, of, is_limited)
            group = []
        group.append(match)
        stop = max(stop, match.end)
    kept += _named_or_else(data, group, of, is_limited)
    return sorted(kept, key=lambda other: (other.start, other.end, other.rule_id))


def _named_or_else(
    data: bytes,
    group: list[Match],
    of: Callable[[str], Precedence],
    is_limited: Callable[[str, str], bool] | None,
) -> list[Match]:
    """Return the matches of a group that stay, and those that stay where some of these do not count."""
    kept = _named(data, group, of)
    doubtful = [main for main in kept if is_limited and _may_leave_others(main, is_limited)]
    if not doubtful:
        return kept
    names = {main.rule_id for main in doubtful}
    rest = [match for match in group if match.rule_id not in names]
    found = {(match.rule_id, match.start, match.end) for match in kept}
    for match in _named_or_else(data, rest, of, is_limited):
        over = tuple(main.rule_id for main in doubtful if match.start < main.end and main.start < match.end)
        if (match.rule_id, match.start, match.end) not in found and over:
            kept.append(_superseded(match, over))
    return kept


def _may_leave_others(main: Match, is_limited: Callable[[str, str], bool]) -> bool:
    """Return whether a match may not count where a match of another text that joined it does."""
    return any(not other.same and (main.superseded or is_limited(main.rule_id, other.rule_id)) for other in main.others)


def _superseded(match: Match, over: tuple[str, ...]) -> Match:
    """Return a match that does not count where one of these rules does."""
    before = dict(match.superseded)
    return match._replace(superseded=tuple((name, (*before.get(name, ()), *over)) for name in match.rule_ids))


def _named(data: bytes, group: list[Match], of: Callable[[str], Precedence]) -> list[Match]:
    """Join a group of matches that overlap one another; return those that stay."""
    if len(group) == 1:
        return group
    ends: dict[tuple[int, int], list[Match]] = {}
    spans: list[tuple[int, int]] = []  # of those that name a place, in order
    starts: dict[str, list[int]] = defaultdict(list)
    for match in group:
        starts[match.rule_id].append(match.start)
    for match in _in_order(group, of):
        span = match.start, match.end
        over = [other for other in _overlapping(spans, *span) if any(_alike(match, main) for main in ends[other])]
        is_part = _is_one_of_several(starts[match.rule_id], over)
        if match.kind.is_custom and over and not is_part and not _is_another(data, match, over, ends):
            for other in over:
                ends[other] = [_with(data, main, match, of) if _alike(match, main) else main for main in ends[other]]
        elif span in ends:
            ends[span].append(match)
        else:
            insort(spans, span)
            ends[span] = [match]
    return [*chain.from_iterable(ends.values())]


def _in_order(group: Sequence[Match], of: Callable[[str], Precedence]) -> list[Match]:
    """Return the matches in the order in which they name places: of equal users' rules, a longer match comes first.

    That is so where both begin at the same place; otherwise the order of the rules counts.
    """
    first: dict[tuple[object, ...], int] = {}
    for match in group:
        *specificity, place = of(match.rule_id)
        start = (*specificity, match.start)
        first[start] = min(place, first.get(start, place))

    def rank(match: Match) -> tuple[object, ...]:
        *specificity, place = of(match.rule_id)
        if not match.kind.is_custom:
            return *specificity, place, match.start, match.end
        return *specificity, first[*specificity, match.start], match.start, -match.end, place

    return sorted(group, key=rank)


def _overlapping(spans: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for index in range(bisect_left(spans, (start - _LONGEST_BYTES,)), bisect_left(spans, (end,))):
        if spans[index][1] > start:
            yield spans[index]


def _is_one_of_several(starts: Sequence[int], over: Sequence[tuple[int, int]]) -> bool:
    """Return whether a rule, whose matches start there, has several within another match: each is a part of it."""
    return any(bisect_left(starts, end) - bisect_left(starts, start) > 1 for start, end in over)


def _alike(match: Match, main: Match) -> bool:
    """Return whether a match could join another; matches of one rule differ by their encodings and stay."""
    return match.rule_id != main.rule_id


def _with(data: bytes, main: Match, match: Match, of: Callable[[str], Precedence]) -> Match:
    """Return a match that a user's rule joins; it keeps the higher confidence of the two."""
    same = (main.start, main.end) == (match.start, match.end)
    below = data.count(b"\n", match.start, main.start) - data.count(b"\n", main.start, match.start)
    further = (
        other._replace(lines_before=other.lines_before + below, same=same and other.same) for other in match.others
    )
    joining = JoinedRule(match.rule_id, match.lines_before + below, same), *further
    others = {other.rule_id: other for other in (*joining, *main.others) if other.rule_id != main.rule_id}
    return main._replace(
        others=tuple(others[name] for name in sorted(others, key=of)),
        confidence=max(main.confidence, match.confidence),
        exposure=main.exposure or match.exposure,
        waiting=(*main.waiting, *match.waiting),
        superseded=(*main.superseded, *match.superseded),
    )


def _is_another(
    data: bytes, match: Match, over: Sequence[tuple[int, int]], ends: dict[tuple[int, int], list[Match]]
) -> bool:
    """Return whether a match holds so much text beside the others that it is something else."""
    beside, position = [], match.start
    for start, end in sorted(over):
        # The rest of a token touches the part that a rule matches.
        part = data[position:start].rstrip(_TOKEN)
        beside.append(part if position == match.start else part.lstrip(_TOKEN))
        position = max(position, end)
    beside.append(data[position : match.end].lstrip(_TOKEN))
    if sum(map(len, beside)) > _BESIDE_BYTES:
        return True
    # Encoded text looks random.
    if any(main.encodings != match.encodings for span in over for main in ends[span]):
        return False
    return any(score(found[0]) >= POSSIBLE for part in beside for found in _LONG_RUN.finditer(part))
