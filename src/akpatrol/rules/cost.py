"""Measure users' rules on a sample: the time that each takes a gigabyte, and how much it finds.

The time is RE2's over the files that hold one of the rule's keywords, or over all files for a rule without any.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.filters import Filters
from akpatrol.detect.keywords import Keywords
from akpatrol.detect.match import Matcher
from akpatrol.errors import UsageError
from akpatrol.rules.literals import required, with_keywords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.rule import Rule

_MOST_BYTES, _LONGEST_BYTES = 64 << 20, 4 << 20
# More findings than one in so many bytes are hardly all secrets.
_BYTES_A_FINDING = 8 << 10
# No rule for a secret matches this.
_ORDINARY = (b"hello world", b"x = 1", b"if value is None: return", b"<p>Some text.</p>", b"12345")


class Sample(NamedTuple):
    """Files to measure rules on; ``name`` says which."""

    name: str
    files: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(map(len, self.files))


class RuleCost(NamedTuple):
    """What a rule takes, in seconds a gigabyte, its number of findings in the sample, and advice on it."""

    rule_id: str
    seconds: float
    findings: int
    advice: tuple[str, ...]

    def __str__(self) -> str:
        noun = "match" if self.findings == 1 else "matches"
        cost = f"{self.seconds:8.2f} s/GB  {self.findings} {noun}  {self.rule_id}"
        return ": ".join(filter(None, [cost, "; ".join(self.advice)]))


def sample(path: str | None) -> Sample:
    """Read the files at a path, without one akpatrol's own source. Raises UsageError where there is nothing."""
    root = path or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files, size = [], 0
    for file in _files(root):
        try:
            with open(file, "rb") as stream:
                content = stream.read(_LONGEST_BYTES)
        except OSError:
            continue
        files.append(content)
        size += len(content)
        if size >= _MOST_BYTES:
            break
    if not size:
        raise UsageError(f"{root}: holds nothing to measure rules on")
    return Sample(path or "akpatrol's own source", tuple(files))


def costs(rules: Sequence[Rule], measured: Sample) -> list[RuleCost]:
    """Return what each rule takes, the most expensive first."""
    held = _holding(rules, measured)
    found = [
        _cost(rule, [measured.files[index] for index in held[number]], measured) for number, rule in enumerate(rules)
    ]
    return sorted(found, key=lambda cost: -cost.seconds)


def _cost(rule: Rule, files: Sequence[bytes], measured: Sample) -> RuleCost:
    matcher, filters, findings = Matcher(rule), Filters(rule), 0
    started = perf_counter()
    for data in files:
        findings += sum(filters.accept(data, span, None) is not None for span in matcher.find(data, 0, len(data)))
    seconds = (perf_counter() - started) / measured.size * 1e9
    return RuleCost(rule.id, seconds, findings, tuple(_advice(rule, matcher, findings, measured)))


def _advice(rule: Rule, matcher: Matcher, findings: int, measured: Sample) -> Iterator[str]:
    if not rule.keywords:
        literals = required(rule)
        words = sorted({b"".join(place[:1] for place in literal.places).decode("latin-1") for literal in literals})
        yield f"no keywords; its pattern always has {' or '.join(words)}" if words else "no keywords"
    if any(matcher.search(text, 0, len(text)) for text in _ORDINARY):
        yield "its pattern matches ordinary text"
    if findings * _BYTES_A_FINDING > measured.size:
        yield "it finds too much to be secrets"


def _holding(rules: Sequence[Rule], measured: Sample) -> list[list[int]]:
    """Return, for each rule, the numbers of the files that it is run on."""
    rules = list(map(with_keywords, rules))
    keywords = Keywords(rules)
    held: list[list[int]] = [[] for _ in rules]
    for index, data in enumerate(measured.files):
        named = {number for _, numbers in keywords.find(data) for number in numbers}
        for number, rule in enumerate(rules):
            if number in named or not rule.keywords:
                held[number].append(index)
    return held


def _files(root: str) -> Iterator[str]:
    if not os.path.isdir(root):
        yield root
        return
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in (".git", "__pycache__"))
        yield from (os.path.join(directory, name) for name in sorted(files))
