"""Divide the prefilter's result for texts that were searched together among these texts."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from akpatrol.detect.prefilter_result import PrefilterResult
from akpatrol.rules.necessary_text import necessary_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.rules.rule import Rule


def parted(
    result: PrefilterResult, parts: Sequence[bytes], separator: int, rules: Sequence[Rule]
) -> dict[int, PrefilterResult] | None:
    """Return the result for each part that has one, by its number; ``separator`` is the bytes between two parts.

    None where it is not known of a rule in which parts it matches. An end in a separator is one at the end of the part
    before it. What matches only together with a separator is a place more, where no match will be found. A rule's
    keyword alone is no result where its pattern's texts are missing.
    """
    stops = list(accumulate(len(part) + separator for part in parts))
    found: dict[int, PrefilterResult] = {}

    def places(ends: Iterable[int]) -> Iterator[tuple[PrefilterResult, int]]:
        for end in ends:
            number = bisect_left(stops, end)
            within = found.get(number)
            if within is None:
                within = found[number] = PrefilterResult(set())
            start = stops[number - 1] if number else 0
            yield within, min(end - start, len(parts[number]))

    for within, end in places(result.ends):
        within.ends.append(end)
    for rule in result.rules:
        if not (rule in result.rule_ends or rule in result.touched):
            return None
        for within, end in places(result.rule_ends.get(rule, ())):
            within.rules.add(rule)
            _add(within.rule_ends, rule, end)
        for within, end in places(result.touched.get(rule, ())):
            within.rules.add(rule)
            _add(within.touched, rule, end)
    worded = {rule: necessary_texts(rules[rule].regex) for rule in result.touched}
    for number, within in found.items():
        _drop(within, parts[number], {rule: worded[rule] for rule in within.touched.keys() - within.rule_ends.keys()})
    return {number: within for number, within in found.items() if within}


def _drop(within: PrefilterResult, part: bytes, worded: dict[int, tuple[bytes, ...]]) -> None:
    """Drop the rules some of whose texts a part lacks."""
    lowered = part.lower() if any(worded.values()) else b""
    for rule, texts in worded.items():
        if not all(text in lowered for text in texts):
            within.rules.discard(rule)
            del within.touched[rule]


def _add(places: dict[int, list[int]], rule: int, end: int) -> None:
    known = places.get(rule)
    if known is None:
        places[rule] = [end]
    elif known[-1] != end:
        known.append(end)
