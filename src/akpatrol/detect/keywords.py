"""Which rules may apply in a window of text, and what evidence stands near: one Aho-Corasick automaton.

pyahocorasick's PyPI build works on ``str``: bytes are decoded latin-1, one character a byte, so that positions stay
byte offsets.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.rules import Rule


class Clue(StrEnum):
    """What a word near a match speaks for."""

    ANYREACH = "anyreach"
    MCP = "mcp"
    BEARER = "bearer"
    SECRET_NAME = "secret_name"  # noqa: S105 - a name, not a secret
    PLACEHOLDER = "placeholder"
    BROWSER = "browser"


# In lower case. Whether a word that stands near says something of the match is decided in ``evidence``.
WORDS: dict[Clue, tuple[str, ...]] = {
    Clue.ANYREACH: ("anyreach",),
    Clue.MCP: ("mcpservers", "mcp.json", "mcp-remote", "claude_desktop_config", "modelcontextprotocol"),
    Clue.BEARER: ("bearer", "authorization"),
    Clue.SECRET_NAME: (
        *("api_key", "apikey", "api-key", "access_key", "accesskey", "access-key", "pat_key"),
        *("token", "secret", "password", "passwd", "credential"),
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


class Word(NamedTuple):
    """A keyword or context word that stands at ``[start, end)`` of the searched bytes."""

    start: int
    end: int
    rules: tuple[int, ...]
    clue: Clue | None


class Keywords:
    """The automaton over all rules' keywords and the context words, case-insensitive."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        import ahocorasick  # noqa: PLC0415 - only when something is scanned

        by_word: dict[str, tuple[list[int], Clue | None]] = {
            word: ([], clue) for clue, words in WORDS.items() for word in words
        }
        for index, rule in enumerate(rules):
            for word in rule.keywords:
                as_searched = word.lower().encode().decode("latin-1")
                by_word.setdefault(as_searched, ([], None))[0].append(index)
        self._automaton: Any = ahocorasick.Automaton()
        for word, (indexes, clue) in by_word.items():
            self._automaton.add_word(word, (len(word), tuple(indexes), clue))
        self._automaton.make_automaton()

    def find(self, data: bytes, start: int, end: int) -> Iterator[Word]:
        """Yield every word in ``data[start:end]`` in order of its end."""
        # translate() keeps one byte one character; str.lower() would change the length of some characters.
        text = data[start:end].translate(_LOWER).decode("latin-1")
        for last, (length, rules, clue) in self._automaton.iter(text):
            stop = start + last + 1
            yield Word(stop - length, stop, rules, clue)


_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))  # noqa: PLR2004 - A to Z


class Phrases:
    """Finds any of many exact texts."""

    def __init__(self, phrases: Iterable[str]) -> None:
        import ahocorasick  # noqa: PLC0415 - only when something is reported

        self._automaton: Any = ahocorasick.Automaton()
        for phrase in phrases:
            self._automaton.add_word(phrase, len(phrase))
        self._automaton.make_automaton()

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return where the phrases stand, as ``[start, end)``."""
        if not len(self._automaton):
            return []
        return [(last + 1 - length, last + 1) for last, length in self._automaton.iter(text)]
