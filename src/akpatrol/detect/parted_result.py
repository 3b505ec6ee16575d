"""Divide the prefilter's result for texts that were searched together among these texts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
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
    found: dict[int, PrefilterResult] = defaultdict(lambda: PrefilterResult(set()))

    def divided(ends: Iterable[int]) -> Iterator[tuple[PrefilterResult, list[int]]]:
        ends, first = sorted(ends), 0
        while first < len(ends):
            number = bisect_left(stops, ends[first])
            start, last = stops[number - 1] if number else 0, bisect_right(ends, stops[number], first)
            size = len(parts[number])
            yield found[number], [min(end - start, size) for end in ends[first:last]]
            first = last

    for within, ends in divided(result.ends):
        within.ends += ends
    for rule in result.rules:
        if not (rule in result.rule_ends or rule in result.touched):
            return None
        for within, ends in divided(result.rule_ends.get(rule, ())):
            within.rules.add(rule)
            within.rule_ends[rule] = list(dict.fromkeys(ends))
        for within, ends in divided(result.touched.get(rule, ())):
            within.rules.add(rule)
            within.touched[rule] = list(dict.fromkeys(ends))
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
