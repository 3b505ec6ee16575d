from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from akpatrol.report.markdown_safety import code, html_code, html_prose, prose
from akpatrol.report.text_safety import visible
from tests.unit.report.strategies import NASTY

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
lines = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(NASTY).map(
    lambda text: text.encode("utf-8", "replace").decode()
)


def tags(rendered: str) -> set[str]:
    return {match[0] for match in re.findall(r"</?([a-z0-9]+)([^>]*)>", rendered)}


def shown(rendered: str) -> str:
    """Return what a reader sees of rendered Markdown."""
    return html.unescape(re.sub(r"<[^>]*>", "", rendered))


@given(lines)
def test_code_shows_the_text_and_nothing_else(text: str) -> None:
    rendered = MARKDOWN.render(f"- In {code(text)}: x")
    assert tags(rendered) <= {"ul", "li", "code"}
    assert shown(rendered).split() == ["In", *(visible(text) + ":").split(), "x"]


@given(lines)
def test_a_cell_stays_one_cell(text: str) -> None:
    rendered = MARKDOWN.render(f"| a | b |\n|---|---|\n| {code(text)} | {prose(text)} |\n")
    assert rendered.count("<td>") == 2
    assert tags(rendered) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@given(lines)
def test_prose_shows_the_text_and_nothing_else(text: str) -> None:
    rendered = MARKDOWN.render(f"- Say {prose(text)}")
    assert tags(rendered) <= {"ul", "li", "code"}
    assert shown(rendered).split() == ["Say", *visible(text).split()]


@given(lines)
def test_html_is_the_same(text: str) -> None:
    rendered = MARKDOWN.render(f"<details>\n<summary>Say {html_prose(text)} {html_code(text)}</summary>\n\n</details>")
    assert tags(rendered) <= {"details", "summary", "code"}
    assert shown(rendered).split() == ["Say", *visible(text).split(), *visible(text).split()]


_MENTIONS = "@someone #12 org/repo#12 !3 GH-12 JIRA-7 https://x.example www.x.example a@b.example $x ~label %3 /close"
_MARKUP = "_a_ **b** <b> [x](y) &amp; :smile: +1 x`y x|y"


@pytest.mark.parametrize("word", f"{_MENTIONS} {_MARKUP}".split())
def test_what_a_forge_would_make_something_of_is_code(word: str) -> None:
    """Mentions, references and links are looked for outside of code."""
    for rendered in (prose(f"see {word}, now"), html_prose(f"see {word}, now")):
        outside = re.sub(r"`[^`]*`|<code>.*?</code>", "", rendered)
        assert not re.search(r"[@#!/$~%_*<&|\[\]]|GH|JIRA|www|example", outside)


def test_plain_sentences_stay_plain() -> None:
    assert prose("It's live: 1,234 places (two of them well-known).") == (
        "It's live: 1,234 places (two of them well-known)."
    )
