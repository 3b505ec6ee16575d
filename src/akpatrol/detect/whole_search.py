"""Find the matches of the rules that have no anchor, as users' rules have none, in all of the data.

Many versions of a file repeat their text: the matches in a window of it are judged once. What is kept of a window are
the positions and the judgement, never its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.judge import NAMES_FOR_ALL
from akpatrol.detect.judged_match import judged_match
from akpatrol.detect.nearby_clues import Nearby
from akpatrol.detect.prefilter_result import PrefilterResult
from akpatrol.detect.spans import Spans
from akpatrol.model.scan import Match, Secret
from akpatrol.rules.necessary_text import necessary_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from akpatrol.detect.enclosing_text import Outer
    from akpatrol.detect.filters import Filters
    from akpatrol.detect.keywords import Keywords
    from akpatrol.detect.match import Matcher, MatchSpan
    from akpatrol.detect.match_windows import KnownWindow, MatchWindows
    from akpatrol.detect.medium import Medium
    from akpatrol.rules.rule import Rule
    from akpatrol.scan.work import Work

    Accepted = tuple[MatchSpan, tuple[int, ...]]

_CASES_OF_ASCII = "\u017f".encode(), "\u212a".encode()


class WholeSearch:
    """The patterns and filters of a rule set, indexed by the number of the rule in it.

    ``of_paths`` are the filters of the rules without a pattern, by id.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        matchers: Sequence[Matcher],
        filters: Sequence[Filters | None],
        keywords: Keywords,
        of_paths: Mapping[str, Filters],
    ) -> None:
        self._of_paths = of_paths
        self._rules = rules
        self._matchers = matchers
        self._filters = filters
        self._keywords = keywords
        self._words = [[word.encode() for word in rule.keywords] for rule in rules]
        self._numbers = {rule.id: number for number, rule in enumerate(rules)}
        self._windows: dict[int, MatchWindows | None] = {}
        self._with_keyword: dict[int, bool] = {}
        self._data, self._result = b"", PrefilterResult(set())
        # Where the secrets of the rules are that were searched for in all of these data.
        self._searched: set[int] = set()
        self._found: list[tuple[int, int]] = []
        self._secrets: Spans | None = None
        self._pending: list[tuple[int, list[tuple[int, int]], Outer]] = []
        self._lowered = b"", b""
        self._names = b"", False

    def begin(self, data: bytes, result: PrefilterResult) -> None:
        """Go on to other data; the prefilter's result says where to search."""
        self._data, self._result = data, result
        self._searched, self._found, self._secrets, self._pending = set(), [], None, []

    def secrets(self, data: bytes) -> Spans:
        """Return where the secrets are that patterns found in all of the data."""
        if data is not self._data:
            return Spans(())
        self._settle()
        if self._secrets is None:
            self._secrets = Spans(self._found)
        return self._secrets

    def searched_in(self, data: bytes) -> Collection[int]:
        """Return the rules whose secrets these are."""
        if data is not self._data:
            return ()
        self._settle()
        return self._searched

    def matches(self, medium: Medium, index: int, path: bytes | None, outer: Outer) -> Iterator[Match]:
        """Yield the matches of one rule in all of the data."""
        data, rule = medium.data, self._rules[index]
        if rule.skip_report:
            return
        filters = self._filters[index]
        if filters and path is not None and not filters.may_match_in(path):
            return
        windows = None if rule.required or not rule.kind.is_custom else self._windows_in(index, data)
        if windows is None:
            if not self._has_keyword(index, data, outer):
                return
            if self._lacks_text(index, data):
                self._keep(index, data, [])
                return
        else:
            yield from self._in_windows(windows, medium, index, path, outer)
            return
        yield from self._one_by_one(medium, index, path, outer)

    def _in_windows(
        self, windows: Iterator[tuple[int, KnownWindow]], medium: Medium, index: int, path: bytes | None, outer: Outer
    ) -> Iterator[Match]:
        """Yield the matches in these windows; all of the data is looked at only where one holds a credential."""
        data, found, is_silent, rejected = medium.data, list[tuple[int, int]](), True, 0
        for start, window in windows:
            if not window.spans:
                continue
            if window.judged is None or window.path != path:
                window.path = path
                self._judge(window, start, medium, index, outer)
            found += [(start + span.secret_start, start + span.secret_end) for span in window.spans]
            if window.judged and is_silent:
                is_silent = False
                if not self._has_keyword(index, data, outer):
                    return
                if self._may_be_named(data) or outer.clues():
                    outer.work.may_reject(-rejected)  # they are looked at again
                    yield from self._one_by_one(medium, index, path, outer)
                    return
            judged = window.judged or ()
            for known in judged:
                first, last = start + known.start, start + known.end
                secret = Secret(data[first:last], known.secret.shown)
                # _replace takes three times as long.
                yield Match(known.rule_id, known.kind, secret, first, last, *known[5:])
            rejected += len(window.spans) - len(judged)
            if len(window.spans) > len(judged) and not outer.work.may_reject(len(window.spans) - len(judged)):
                return
        self._keep_later(index, data, found, outer)

    def _judge(self, window: KnownWindow, start: int, medium: Medium, index: int, outer: Outer) -> None:
        """Judge the matches in a window in its file, as if nothing around it bore on them."""
        spans = (span.moved(start) for span in window.spans)
        accepted = filter(None, self._filtered(index, medium.data, spans, window.path))
        alone = outer._replace(clues=frozenset)
        matches = (self._match(medium, index, each, None, alone) for each in accepted)
        window.judged = tuple(_kept(match, start) for match in matches if match)

    def _one_by_one(self, medium: Medium, index: int, path: bytes | None, outer: Outer) -> Iterator[Match]:
        data, rule = medium.data, self._rules[index]
        near: Nearby | None = Nearby(self._keywords, data, 0, len(data))
        accepted = self._accepted(index, data, path, outer.work)
        if rule.required:
            from akpatrol.detect.composite import complete  # noqa: PLC0415 - few rules are composite

            accepted = complete(
                data, accepted, rule.required, lambda name: self._required(name, data, path, outer.work)
            )
        for each in accepted:
            if near and rule.kind.is_custom and not self._may_be_named(data):
                near = None
            if match := self._match(medium, index, each, near, outer):
                yield match

    def _required(self, name: str, data: bytes, path: bytes | None, work: Work) -> Iterable[Accepted] | None:
        """Return a required rule's matches; None where it has no pattern and finds the file, for all that is known."""
        if of_path := self._of_paths.get(name):
            return None if path is None or of_path.admits_file(path) else ()
        return self._accepted(self._numbers[name], data, path, work)

    def _match(self, medium: Medium, index: int, accepted: Accepted, near: Nearby | None, outer: Outer) -> Match | None:
        rule, (span, waiting) = self._rules[index], accepted
        match = judged_match(rule, medium, span, near, outer)
        return match._replace(waiting=tuple((rule.id, number) for number in waiting)) if match and waiting else match

    def _accepted(self, index: int, data: bytes, path: bytes | None, work: Work) -> Iterator[Accepted]:
        """Yield a rule's matches that its filters accept, and keep where all of its secrets are."""
        filters, found = self._filters[index], list[tuple[int, int]]()
        if filters and path is not None and not filters.may_match_in(path):
            return

        def spans() -> Iterator[MatchSpan]:
            for span in self._search(index, data):
                found.append((span.secret_start, span.secret_end))
                yield span

        for accepted in self._filtered(index, data, spans(), path):
            if accepted:
                yield accepted
            elif not work.may_reject():
                return
        self._keep(index, data, found)

    def _filtered(
        self, index: int, data: bytes, spans: Iterator[MatchSpan], path: bytes | None
    ) -> Iterator[Accepted | None]:
        """Yield each match with the allowlists that its place may complete, None for one that is no finding."""
        filters = self._filters[index]
        for span in spans:
            waiting = filters.accept(data, span, path) if filters else ()
            yield None if waiting is None else (span, waiting)

    def _keep(self, index: int, data: bytes, found: list[tuple[int, int]]) -> None:
        if data is self._data and index not in self._searched:
            self._searched.add(index)
            self._found += found

    def _keep_later(self, index: int, data: bytes, found: list[tuple[int, int]], outer: Outer) -> None:
        """Keep where the secrets of a rule are, if its keyword is there, which is not asked for most data."""
        if data is self._data:
            self._pending.append((index, found, outer))

    def _settle(self) -> None:
        pending, self._pending = self._pending, []
        for index, found, outer in pending:
            if self._has_keyword(index, self._data, outer):
                self._keep(index, self._data, found)

    def _search(self, index: int, data: bytes) -> Iterator[MatchSpan]:
        windows = self._windows_in(index, data)
        if windows is None:
            return self._matchers[index].find(data, 0, len(data))
        return (span.moved(start) for start, window in windows for span in window.spans)

    def _windows_in(self, index: int, data: bytes) -> Iterator[tuple[int, KnownWindow]] | None:
        """Return the windows that hold all of a rule's matches; None where all of the data has to be searched."""
        from akpatrol.detect.match_windows import LEAST_BYTES, match_windows  # noqa: PLC0415 - only users' rules

        if data is not self._data or len(data) < LEAST_BYTES:
            return None
        if index not in self._windows:
            self._windows[index] = match_windows(self._rules[index], self._matchers[index])
        if windows := self._windows[index]:
            if ends := self._result.rule_ends.get(index):
                return windows.at_ends(data, ends)
            if (places := self._result.touched.get(index)) and self._has_keywords(index) and not _folds_to_ascii(data):
                return windows.around(data, sorted(places))
        return None

    def _has_keyword(self, index: int, data: bytes, outer: Outer) -> bool:
        """Return whether a rule's keyword is in the data or around them, as each match of a rule with any requires."""
        rule = self._rules[index]
        if not rule.keywords or self._is_found_with_keyword(index, data):
            return True
        lowered = self._in_lower_case(data)
        if any(word in lowered for word in self._words[index]):
            return True
        return bool(outer.around and outer.around.holds(index, rule.keywords))

    def _lacks_text(self, index: int, data: bytes) -> bool:
        """Return whether the data lack a text that each match of a rule holds."""
        # To put data into lower case takes longer than to search them: texts without letters go first.
        return not all(
            text in (self._in_lower_case(data) if text.islower() else data)
            for text in sorted(necessary_texts(self._rules[index].regex), key=bytes.islower)
        )

    def _is_found_with_keyword(self, index: int, data: bytes) -> bool:
        """Return whether a rule's keyword is certainly in the data, as the prefilter found it or a match with it."""
        found = self._result.rule_ends.get(index) or self._result.touched.get(index)
        return data is self._data and bool(found) and self._has_keywords(index)

    def _has_keywords(self, index: int) -> bool:
        """Return whether each match of a rule holds one of its keywords."""
        if index not in self._with_keyword:
            from akpatrol.rules.literals import holds_keyword  # noqa: PLC0415 - the shipped rules do without

            self._with_keyword[index] = holds_keyword(self._rules[index])
        return self._with_keyword[index]

    def _in_lower_case(self, data: bytes) -> bytes:
        """Return the data in lower case; many rules ask for that of the same data."""
        if data is not self._lowered[0]:
            self._lowered = data, data.lower()
        return self._lowered[1]

    def _may_be_named(self, data: bytes) -> bool:
        """Return whether the data hold a name that bears on others' credentials, as few words do."""
        if data is not self._names[0]:
            self._names = data, any(word in data for word in NAMES_FOR_ALL)
        return self._names[1]


def _kept(match: Match, start: int) -> Match:
    """Return a match without its secret, at its offsets in a window."""
    return match._replace(secret=Secret(b"", match.secret.shown), start=match.start - start, end=match.end - start)


def _folds_to_ascii(data: bytes) -> bool:
    """Return whether there is a character beyond ASCII that is another case of an ASCII letter: of s, and of k."""
    return not data.isascii() and any(character in data for character in _CASES_OF_ASCII)
