from __future__ import annotations

import base64
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.encodings.utf16_32 import WideText
from tests.unit.unwrap.encodings.test_escapes import ESCAPES, credentials, opened

if TYPE_CHECKING:
    from random import Random

    from akpatrol.unwrap.encodings.encoding import Decoded

WIDE = WideText()
FORMS = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
FORMS_16 = FORMS[:2]
forms = st.sampled_from(FORMS)


def spans(data: bytes, secret: str) -> set[tuple[str, int, int]]:
    found = set()
    for part in opened(WIDE, data):
        at = part.data.find(secret.encode())
        while at >= 0:
            found.add((part.encoding, *part.span(at, at + len(secret))))
            at = part.data.find(secret.encode(), at + 1)
    return found


def reads(form: str, data: bytes, secret: str, start: int) -> None:
    """Check that a secret shows at ``start``; in the middle of text both byte orders may read the same."""
    size = len(secret.encode(form))
    shift = (size // len(secret) - 1) * (1 if form.endswith("le") else -1)
    other = form[:-2] + ("be" if form.endswith("le") else "le")
    wanted = {(form, start, start + size), (other, start - shift, start - shift + size)}
    assert spans(data, secret) & wanted


@given(credentials(), forms, st.binary(max_size=60), st.binary(max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_an_island_in_other_data(secret: str, form: str, before: bytes, after: bytes, left: str, right: str) -> None:
    text = f"{left} ".encode(form)
    data = before + text + secret.encode(form) + f'"{right}'.encode(form) + after
    reads(form, data, secret, len(before) + len(text))


@given(credentials(), forms, st.integers(0, 5), st.sampled_from([b"", b"\x00\x00\x00\x00", b"\x01\x02\x03\x04"]))
def test_an_island_of_nothing_but_the_credential(secret: str, form: str, shift: int, edge: bytes) -> None:
    data = b"\x07" * shift + edge + secret.encode(form) + edge
    reads(form, data, secret, shift + len(edge))


@given(credentials(), forms, st.sampled_from(["", "\ufeff"]), st.text(max_size=50), st.booleans())
def test_a_whole_file(secret: str, form: str, mark: str, around: str, crlf: bool) -> None:
    newline = "\r\n" if crlf else "\n"
    head = f"{mark}key and token:{newline}{around} "
    data = f"{head}{secret} {around}".encode(form)
    start = len(head.encode(form))
    assert (form, start, start + len(secret.encode(form))) in spans(data, secret)


@given(credentials(), st.sampled_from(FORMS_16), st.sampled_from(["", "\ufeff"]))
def test_what_is_encoded_in_a_wide_file(secret: str, form: str, mark: str) -> None:
    escaped = "".join(f"%{ord(character):02X}" for character in secret)
    data = (mark + escaped).encode(form)
    (part,) = (part for part in opened(WIDE, data) if part.encoding == form)
    (inner,) = (inner for encoding in ESCAPES for inner in opened(encoding, part.data))
    assert inner.data.removeprefix("\ufeff".encode()) == secret.encode()
    at = inner.data.index(secret.encode())
    first, last = part.span(*inner.span(at, len(inner.data)))
    assert data[first:last].decode(form) == escaped


@pytest.mark.parametrize("form", FORMS_16)
@pytest.mark.parametrize("at", range(3))
def test_base64_and_hexadecimal_in_an_island(form: str, at: int, token: str) -> None:
    plain = b"xyz"[:at] + token.encode()
    for text in (base64.b64encode(plain).decode(), plain.hex(), plain.hex().upper()):
        data = b"\x90\x00\x01\x02\x03" + text.encode(form) + b"\x00\x00\x00\x01"
        assert any(text.encode() in part.data for part in opened(WIDE, data))


@pytest.mark.parametrize("form", FORMS)
def test_characters_beyond_the_basic_plane(form: str, token: str) -> None:
    head, tail = '\U0001f511 é "', '" \U0001f600'
    data = b"\x01\x00\x00\x00" + (head + token + tail).encode(form) + b"\x00" * 4
    (part,) = opened(WIDE, data)
    assert part.data.decode() == head + token + tail
    assert (part.encoding, data[part.start : part.end].decode(form)) == (form, head + token + tail)
    assert part.span(0, len(part.data)) == (part.start, part.end)
    assert part.span(1, 2) == part.span(0, 4)


@pytest.mark.parametrize("form", FORMS)
def test_a_lone_surrogate_ends_an_island_and_is_replaced_in_a_file(form: str, token: str) -> None:
    text = f"\ud800 {token} \udc00".encode(form, "surrogatepass")
    (island,) = opened(WIDE, b"\x01\x00\x00\x00" + text)
    assert island.data == f" {token} ".encode()
    mark = "\ufeff".encode(form)
    (whole,) = opened(WIDE, mark + text)
    assert whole.data.decode() == f"\ufeff\ufffd {token} \ufffd"
    at = whole.data.index(token.encode())
    start = len(mark) + len(" x".encode(form))
    assert whole.span(at, at + len(token)) == (start, start + len(token.encode(form)))


@pytest.mark.parametrize("form", FORMS)
def test_offsets_far_into_a_text(form: str, rng: Random, token: str) -> None:
    text = "".join(rng.choices("aé€\U0001f600\n", k=20_000)) + token
    (part,) = opened(WIDE, ("\ufeff" + text).encode(form))
    assert part.span(len(part.data) - len(token), len(part.data)) == (
        len(("\ufeff" + text[: -len(token)]).encode(form)),
        len(("\ufeff" + text).encode(form)),
    )


def test_several_islands(rng: Random, token: str) -> None:
    data = b"".join(bytes([rng.randrange(1, 9)]) * 3 + token.encode(form) + bytes(4) for form in FORMS * 3)
    assert len(spans(data, token)) >= 12


@pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv is not installed")
@pytest.mark.parametrize("to", ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE"])
def test_what_iconv_makes(to: str, key: str) -> None:
    text = f"# clé\nkey = {key}\n"
    data = subprocess.run(
        ["iconv", "-t", to, "-f", "UTF-8"], input=text.encode(), capture_output=True, check=True
    ).stdout
    assert len(spans(data, key)) == 1


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xfe", b"plain ak_ text", b"a\x00k\x00", b"\x00" * 99, quote("é").encode()]
)
def test_little_that_holds_nothing(data: bytes) -> None:
    assert all(len(part.data) <= 3 for part in opened(WIDE, data))


PIECES = [
    b"\x00",
    b"a\x00k\x00_",
    b"p\x00a\x00t\x00_\x00",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xd8\x00",
    b"\x00\xdc",
    b"a\x00\x00\x00",
]
PIECES += [b"a\x00\x00\x00k\x00\x00\x00_\x00\x00\x00", b"\x3d\xd8\x00\xde", b"Y\x00W\x00t\x00f", b"x\x00" * 9]


def holds(data: bytes, part: Decoded) -> None:
    assert 0 <= part.start <= part.end <= len(data)
    places = [part.span(offset, offset + 1) for offset in range(len(part.data))]
    assert places == sorted(places)
    assert all(part.start <= first < last <= part.end for first, last in places)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=40).map(b"".join))
def test_any_bytes(data: bytes) -> None:
    for part in opened(WIDE, data):
        holds(data, part)


@pytest.mark.parametrize(
    "piece", [b"a\x00k\x00_\x00", b"a\x00k\x00_\x00\x00\x00", b"a\x00k\x00_\x00\x01\x02\x03", b"\x00a\x00k\x00_"]
)
def test_much_of_the_same_ends(piece: bytes) -> None:
    data = piece * (200_000 // len(piece))
    for part in opened(WIDE, data):
        assert part.span(len(part.data) - 1, len(part.data))[1] <= part.end
