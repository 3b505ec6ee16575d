"""Find which rules may apply in a window of text, and the evidence nearby: one Aho-Corasick automaton.

pyahocorasick's PyPI build works on ``str``: bytes are decoded latin-1, one character a byte, so that positions stay
byte offsets.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from akpatrol.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.rules.rule import Rule


class Clue(StrEnum):
    """The meaning of a word near a match."""

    ANYREACH = "anyreach"
    MCP = "mcp"
    BEARER = "bearer"
    SECRET_NAME = "secret_name"  # noqa: S105 - a name, not a secret
    PLACEHOLDER = "placeholder"
    BROWSER = "browser"


# In lower case. ``evidence`` decides whether a nearby word counts for the match.
WORDS: dict[Clue, tuple[str, ...]] = {
    Clue.ANYREACH: ("anyreach",),
    Clue.MCP: ("mcpservers", "mcp.json", "mcp-remote", "claude_desktop_config", "modelcontextprotocol"),
    Clue.BEARER: ("bearer", "authorization"),
    Clue.SECRET_NAME: (
        *("api_key", "apikey", "api-key", "access_key", "accesskey", "access-key"),
        *("token", "secret", "password", "passwd", "credential"),
        *(word for kind in KINDS for word in kind.secret_names),
    ),
    Clue.PLACEHOLDER: (
        *("example", "placeholder", "dummy", "fake", "sample", "changeme", "change_me", "change-me"),
        *("your_", "your-", "<your", "replace_", "replace-", "replace with", "replace this", "fixture", "mock"),
    ),
    # Next.js, Vite, Create React App, Nuxt, Gatsby, Expo, SvelteKit and Astro, Vue CLI, ngx-env, Storybook: what
    # their documentation says is compiled into what every visitor loads.
    Clue.BROWSER: (
        *("next_public_", "vite_", "react_app_", "nuxt_public_", "gatsby_", "expo_public_", "public_"),
        *("vue_app_", "ng_app_", "storybook_"),
    ),
}


def shortest(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words of which none holds another one: a text that holds any of the words holds one of these."""
    words = tuple(words)
    return tuple(word for word in words if not any(other in word for other in words if other != word))


class Keywords:
    """The automata over all rules' keywords and over the context words, case-insensitive."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        of_clues = {word: (len(word), clue) for clue, words in WORDS.items() for word in words}
        of_rules: dict[str, list[int]] = {}
        for index, rule in enumerate(rules):
            for word in rule.keywords:
                of_rules.setdefault(word.encode().decode("latin-1"), []).append(index)
        self.longest = max(map(len, of_clues))
        # Two automata, so that a flood of one's words does not slow the other.
        self._of_clues = _automaton(of_clues)
        self._of_rules = _automaton({word: tuple(indexes) for word, indexes in of_rules.items()})

    def find(self, data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield where every rule's keyword ends in ``data``, and the numbers of the rules that have it."""
        if len(self._of_rules):
            for last, rules in self._of_rules.iter(_folded(data)):
                yield last + 1, rules

    def clues(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, int, Clue]]:
        """Yield where every context word in ``data[start:end]`` starts and ends, in order of its end, and its clue."""
        for last, (length, clue) in self._of_clues.iter(_folded(data[start:end])):
            stop = start + last + 1
            yield stop - length, stop, clue


class WordList:
    """Says whether a text holds any of many words, all of them in lower case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = _automaton({word.encode().decode("latin-1"): True for word in words})

    def is_in(self, text: bytes) -> bool:
        """Return whether one of the words is in it, in any case."""
        return bool(len(self._automaton)) and next(self._automaton.iter(_folded(text)), None) is not None


def _automaton(words: Mapping[str, Any]) -> Any:
    import ahocorasick  # noqa: PLC0415 - only when something is scanned

    automaton = ahocorasick.Automaton()
    for word, value in words.items():
        automaton.add_word(word, value)
    automaton.make_automaton()
    return automaton


def _folded(data: bytes) -> str:
    # translate() keeps one byte one character; str.lower() would change the length of some characters.
    return data.translate(_LOWER).decode("latin-1")


_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))  # noqa: PLR2004 - A to Z


_HEAD = 8  # characters


class Phrases:
    """Finds any of many exact texts by their beginnings: an automaton of full texts takes 100 bytes a character."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(filter(None, phrases))
        lengths: dict[str, set[int]] = {}
        for phrase in self._phrases:
            lengths.setdefault(phrase[:_HEAD], set()).add(len(phrase))
        self._automaton = _automaton({head: (len(head), tuple(some)) for head, some in lengths.items()})

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return the positions of the phrases, as ``[start, end)``."""
        if not self._phrases:
            return []
        return [
            (start, start + length)
            for last, (size, lengths) in self._automaton.iter(text)
            for length in lengths
            if text[(start := last + 1 - size) : start + length] in self._phrases
        ]
