from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.report import text_safety as safety


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"src/a.py", "src/a.py"),
        ("caf\u00e9".encode(), "caf\u00e9"),
        (b"caf\xe9", r"caf\xe9"),
        (rb"caf\xe9", r"caf\x5cxe9"),
        (rb"\xE9 \x4", r"\x5cxE9 \x4"),
        (b"\\\xff", r"\\xff"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b"a\nb", "a\nb"),
    ],
)
def test_path_text(path: bytes, text: str) -> None:
    assert safety.path_text(path) == text


@given(st.binary() | st.text(r"\x4f5cE9é").map(str.encode))
def test_path_text_is_one_to_one(path: bytes) -> None:
    text = safety.path_text(path)
    back = b"".join(
        bytes.fromhex(part[2:]) if index % 2 else part.encode()
        for index, part in enumerate(re.split(r"(\\x[0-9a-fA-F]{2})", text))
    )
    assert back == path


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain caf\u00e9 \u6f22", "plain caf\u00e9 \u6f22"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[0m\x9b\x7f", r"\x1b[0m\x9b\x7f"),
        ("\u202e\u2066\u200b\ufeff", r"\u202e\u2066\u200b\ufeff"),
        ("\u2028\xa0", r"\u2028\xa0"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_visible(text: str, seen: str) -> None:
    assert safety.visible(text) == seen


@given(st.text(st.characters()))
def test_visible_is_printable(text: str) -> None:
    assert safety.visible(text).isprintable()


@given(st.text(st.characters()))
def test_plain_can_be_encoded_and_changes_nothing_that_could_be(text: str) -> None:
    shown = safety.plain(text)
    assert safety.plain(shown) == shown
    assert shown.encode().decode() == shown
    kept = "".join(one for one in text if not "\ud800" <= one <= "\udfff")
    assert (shown == text) == (kept == text)
    assert len(shown) >= len(text)


def test_plain_shows_bytes_and_surrogates() -> None:
    assert safety.plain("\udcff \ud800") == r"\xff \ud800"


@given(st.binary())
def test_decoded_and_encoded_are_inverse(data: bytes) -> None:
    assert safety.encoded(safety.decoded(data)) == data


def test_encoded_takes_any_surrogate() -> None:
    assert safety.encoded("a\ud800") == b"a?"


def test_columns_knows_wide_and_combining_characters() -> None:
    assert safety.columns("abc") == 3
    assert safety.columns("\u6f22\u5b57") == 4
    assert safety.columns("e\u0301") == 1


@given(st.text(st.sampled_from("ab\u6f22")), st.integers(3, 20))
def test_cut_texts_fit(text: str, width: int) -> None:
    for cut in (safety.head(text, width), safety.tail(text, width), safety.middle_out(text, width)):
        assert safety.columns(cut) <= width
        assert (cut == text) == (safety.columns(text) <= width)


def test_cuts_keep_their_part() -> None:
    assert safety.head("abcdef", 4) == "abc…"
    assert safety.tail("abcdef", 4) == "…def"
    assert safety.middle_out("abcdefghi", 6) == "ab…ghi"


@given(st.text("ab", max_size=60), st.text("cd", max_size=60), st.integers(10, 40))
def test_around_keeps_the_focus_whole(before: str, after: str, width: int) -> None:
    cut = safety.around(before + "<MASK>" + after, len(before), len(before) + 6, width)
    assert "<MASK>" in cut
    assert safety.columns(cut) <= width


def test_around_cuts_a_focus_that_is_too_wide() -> None:
    assert safety.around("x" * 50, 10, 40, 20) == "x" * 19 + "…"


@given(st.text(st.characters()))
def test_shell_word_is_one_printable_word(text: str) -> None:
    word = safety.shell_word(text)
    assert word.isprintable()
    assert shlex.split(word) == [safety.visible(text)]


@given(st.lists(st.text("abc", min_size=1, max_size=12), min_size=1), st.integers(5, 30))
def test_wrapped_keeps_every_word(words: list[str], width: int) -> None:
    lines = safety.wrapped(" ".join(words), width)
    assert " ".join(lines).split() == words
    assert all(len(line) <= width or " " not in line for line in lines)
