"""Lines of a run: the quick way gives what reading line by line gives."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.encodings.encoded_run import EncodedRun, RunPatterns

_RUN, _SEPARATOR = re.compile(rb"[0-9A-Za-z+/\r\n \t]++"), re.compile(rb"[ \t\r\n]++")
_FORM = RunPatterns(_RUN, _SEPARATOR, re.compile(rb"[0-9A-Za-z\s]*+"))
_LINES = st.lists(st.sampled_from([b"abcd", b"abcdefgh", b"abcdefghi", b"ab", b"z"]), min_size=1, max_size=6)


@given(_LINES, st.sampled_from([b"\n", b"\r\n", b" \n", b"\n ", b"\n\n"]), st.booleans())
def test_characters_keep_their_places(lines: list[bytes], line_end: bytes, is_mixed: bool) -> None:
    text = line_end.join(lines)
    if is_mixed:
        text = text.replace(line_end, b"\n", 1)
    data = b"key: " + text + b"\nrest"
    run = EncodedRun(data, 5, 5 + len(text), _FORM)
    assert run.characters == b"".join(lines)
    for index in range(len(run.characters)):
        offset = run.offset(index)
        assert data[offset : offset + 1] == run.characters[index : index + 1]
        assert run.index(offset) == index


@given(st.integers(8, 80), st.integers(0, 79), st.sampled_from([b"\n", b"\r\n"]))
def test_a_line_that_is_wrapped_is_known(width: int, rest: int, line_end: bytes) -> None:
    lines = [b"a" * width, b"b" * width, b"c" * min(rest, width)]
    text = line_end.join(filter(None, lines))
    run = EncodedRun(text, 0, len(text), _FORM)
    starts = {run.line_start(index) for index in range(len(run.characters))}
    assert starts == {place for place in (0, width, 2 * width) if place < len(run.characters)}
