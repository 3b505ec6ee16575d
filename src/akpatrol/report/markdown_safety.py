"""Keep scanned text inert in Markdown: it never becomes markup, a link, a mention, a reference or HTML.

Both forges look for mentions and references in what is rendered, but not in code: escaping alone does not stop them
(https://github.github.com/gfm/ for the markup, https://docs.gitlab.com/user/markdown/ for the references).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.report.text_safety import visible

if TYPE_CHECKING:
    from collections.abc import Callable

# The signs that sentences have around their words stay outside of code.
_WORD = re.compile(r"""(["'(]*)(.*?)([)"',.;:?]*)""")
_TAME = re.compile(r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,]\d+)*)?")
_IN_TICKS = re.compile(r"[^`|]+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def code(text: str) -> str:
    """Return the text as code, for a line or a cell of a table."""
    text = visible(text)
    return f"`{text}`" if _IN_TICKS.fullmatch(text) and text.strip() else html_code(text)


def html_code(text: str) -> str:
    """Return the text as code in HTML, all its ASCII punctuation as character references, which are never markup."""
    return f"<code>{_PUNCTUATION.sub(lambda match: f'&#{ord(match[0])};', visible(text))}</code>" if text else ""


def prose(text: str) -> str:
    """Return a sentence with everything that could be markup set as code; not for the start of a line."""
    return _sentence(text, code)


def html_prose(text: str) -> str:
    """Return the same in HTML."""
    return _sentence(text, html_code)


def _sentence(text: str, as_code: Callable[[str], str]) -> str:
    return " ".join(_word(word, as_code) for word in visible(text).split(" "))


def _word(word: str, as_code: Callable[[str], str]) -> str:
    parts = _WORD.fullmatch(word)
    if parts is None:
        return as_code(word)
    before, within, after = parts.groups()
    return before + (within if _TAME.fullmatch(within) else as_code(within)) + after
