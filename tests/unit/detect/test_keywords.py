"""Words in text, by one automaton."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.keywords import WordList

_WORDS = st.text("abé-", min_size=1, max_size=4)


@given(st.lists(_WORDS, max_size=8), st.text("abABéÉ-x", max_size=30))
def test_a_word_list_finds_what_a_search_for_each_word_finds(words: list[str], text: str) -> None:
    data = text.encode()
    assert WordList(words).is_in(data) == any(word.encode() in data.lower() for word in words)
