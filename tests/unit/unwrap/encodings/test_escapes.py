from __future__ import annotations

import base64
import codecs
import html
import json
import quopri
import re
from email.message import EmailMessage
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings.escapes import encodings
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.prefiltering import fired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.encodings.encoding import Decoded, Encoding

ESCAPES = encodings(shipped())
NAMES = ("percent", "backslash", "html", "quoted-printable")
BY_NAME = dict(zip(NAMES, ESCAPES, strict=True))


def opened(encoding: Encoding, data: bytes) -> list[Decoded]:
    """Do for one encoding what the prefilter and the decoder do."""
    ends = [fired(trigger, data)[: None if trigger.each else 1] for trigger in encoding.triggers]
    return list(encoding.find(data, ends)) if any(ends) else []


def revealed(data: bytes, secret: bytes, depth: int = 4) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield how and where a secret shows, at most ``depth`` encodings deep."""
    for encoding in ESCAPES if depth else ():
        for part in opened(encoding, data):
            for found in re.finditer(re.escape(secret), part.data):
                yield (part.encoding,), *part.span(*found.span())
            for names, first, last in revealed(part.data, secret, depth - 1):
                yield (part.encoding, *names), *part.span(first, last)


SPELLINGS: dict[str, tuple[Callable[[str], str], ...]] = {
    "percent": (lambda c: f"%{ord(c):02X}", lambda c: f"%{ord(c):02x}", lambda c: f"%25{ord(c):02X}"),
    "backslash": (
        lambda c: f"\\x{ord(c):02x}",
        lambda c: f"\\u{ord(c):04x}",
        lambda c: f"\\u{ord(c):04X}",
        lambda c: f"\\U{ord(c):08x}",
        lambda c: f"\\{ord(c):03o}",
    ),
    "html": (
        lambda c: f"&#{ord(c)};",
        lambda c: f"&#x{ord(c):x};",
        lambda c: f"&#X{ord(c):X};",
        lambda c: f"&#{ord(c):04d};",
    ),
    "quoted-printable": (lambda c: f"={ord(c):02X}",),
}


def decoded_otherwise(name: str, data: bytes) -> bytes:
    if name == "percent":
        while (plain := unquote_to_bytes(data)) != data:
            data = plain
        return data
    if name == "html":
        return html.unescape(data.decode()).encode()
    if name == "quoted-printable":
        return quopri.decodestring(data)
    return codecs.decode(data, "unicode_escape").encode()


@st.composite
def credentials(draw: st.DrawFn) -> str:
    rng = Random(draw(st.integers(0, 2**32)))
    alphabet = draw(st.sampled_from(["base62", "base64url", "hex", "crockford_lower"]))
    if draw(st.booleans()):
        return organization_key(rng, id_alphabet=alphabet)
    return personal_access_token(rng, alphabet_name=alphabet, id_length=draw(st.sampled_from([None, 12])))


def sides() -> st.SearchStrategy[bytes]:
    texts = st.text(st.characters(codec="ascii", exclude_characters="=%\\&"), max_size=200).map(str.encode)
    ends = [b"", b'"', b" ", b"<p>", b"token=", b"\x00", b"'", b">", b"x: "]
    return st.builds(bytes.__add__, st.one_of(texts, st.binary(max_size=100)), st.sampled_from(ends))


def check(name: str, data: bytes, secret: str, start: int, end: int) -> None:
    places = [(first, last) for names, first, last in revealed(data, secret.encode(), 1) if names == (name,)]
    assert (start, end) in places
    assert decoded_otherwise(name, data[start:end]) == secret.encode()


@given(secret=credentials(), before=sides(), after=sides(), name=st.sampled_from(NAMES), pick=st.integers(0, 9))
def test_a_credential_escaped_throughout_is_found(
    secret: str, before: bytes, after: bytes, name: str, pick: int
) -> None:
    spell = SPELLINGS[name][pick % len(SPELLINGS[name])]
    text = "".join(map(spell, secret)).encode()
    check(name, before + b" " + text + b'"' + after, secret, len(before) + 1, len(before) + 1 + len(text))


@given(secret=credentials(), name=st.sampled_from(NAMES), data=st.data())
def test_a_credential_escaped_in_part_is_found(secret: str, name: str, data: st.DataObject) -> None:
    # Twice percent in a letter alone, and digits behind a short octal escape, would read as something else.
    spellings = SPELLINGS[name][:2]
    chosen = data.draw(st.sets(st.integers(0, len(secret) - 1), min_size=1))
    spell = data.draw(st.sampled_from(spellings))
    text = "".join(spell(c) if i in chosen else c for i, c in enumerate(secret)).encode()
    before = data.draw(sides())
    whole = before + b'"' + text + b'"'
    check(name, whole, secret, len(before) + 1, len(before) + 1 + len(text))


# fmt: off
UNDERSCORES = [
    "%5F", "%255f", r"\u005f", r"\\u005f", r"\\\\u005F", r"\x5f", r"\x{5f}", r"\u{5f}", r"\U0000005F", r"\137", r"\_",
    r"\\_", "&#95;", "&#095;", "&#x5f;", "&#X5F;", "&lowbar;", "&UnderBar;", "&amp;lowbar;", "&amp;#95;", "=5F",
    "%26%2395%3B", "%26lowbar%3B", "%5Cu005f", r"\u0026#95;", r"\u0026lowbar;", "%2526%252395%253B",
]
# fmt: on


@pytest.mark.parametrize(
    "spelled",
    UNDERSCORES,
)
@pytest.mark.parametrize("make", [organization_key, personal_access_token])
def test_each_spelling_of_an_underscore(spelled: str, make: Callable[[Random], str], rng: Random) -> None:
    secret = make(rng)
    prefix, _, rest = secret.partition("_")
    assert any(revealed(f'"{prefix}{spelled}{rest}"'.encode(), secret.encode()))


@pytest.mark.parametrize("dot", ["%2E", "\\u002e", "\\x2e", "\\.", "\\\\.", "&#46;", "&period;", "=2E", "%26period%3B"])
def test_each_spelling_of_the_dot(dot: str, key: str) -> None:
    assert any(revealed(key.replace(".", dot).encode(), key.encode()))


@given(secret=credentials(), outer=st.sampled_from(NAMES), inner=st.sampled_from(["percent", "html"]))
def test_escapes_of_escapes(secret: str, outer: str, inner: str) -> None:
    text = secret
    for name in (inner, outer):
        text = "".join(map(SPELLINGS[name][0], text))
    data = b"<" + text.encode() + b">"
    assert any((first, last) == (1, len(data) - 1) for _, first, last in revealed(data, secret.encode()))


@given(secret=credentials(), surroundings=st.text(max_size=60))
def test_what_encoders_make(secret: str, surroundings: str) -> None:
    text = f"{surroundings} {secret} {surroundings}"
    quoted = quote(f"https://a/?token={secret}&b=c", safe="")
    for url in (quote(quoted, safe=""), json.dumps(json.dumps({"a": quoted})), html.escape(html.escape(quoted))):
        assert secret in url or any(revealed(url.encode(), secret.encode())), url
    message = EmailMessage()
    message.set_content("é" + surroundings.replace("\r", "") + f" {secret}", cte="quoted-printable")
    bodies = [message.as_bytes(), quopri.encodestring(text.encode()), quopri.encodestring(text.encode(), header=True)]
    for data in bodies:
        assert secret.encode() in data or any(revealed(data, secret.encode())), data


@given(credentials(), st.integers(1, 75), st.sampled_from([b"\n", b"\r\n"]))
def test_soft_line_breaks_at_any_place(secret: str, cut: int, newline: bytes) -> None:
    cut = cut % (len(secret) - 1) + 1
    text = secret[:cut].encode() + b"=" + newline + secret[cut:].encode()
    start = 75 - cut
    data = b"b" * (start - 1) + b" " + text + newline
    check("quoted-printable", data, secret, start, start + len(text))


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("cut", range(1, 40))
def test_soft_line_breaks_in_base64(token: str, cut: int, newline: bytes) -> None:
    core = base64.b64encode(b"xy" + token.encode() + b"z" * 60).rstrip(b"=")
    data = b"b" * (74 - cut) + b" " + core[:cut] + b"=" + newline + core[cut:] + newline
    assert any(core in part.data for part in opened(BY_NAME["quoted-printable"], data))


def test_an_equals_sign_at_a_short_lines_end_is_no_soft_break(token: str) -> None:
    data = f"value = {token[:20]}=\n{token[20:]}\n".encode()
    assert not any(revealed(data, token.encode()))


@pytest.mark.parametrize("at", range(4))
def test_base64_that_escapes_cut(at: int, rng: Random) -> None:
    token = personal_access_token(rng, length=80)
    plain = b"\xff\xfe?" * 3 + b"abcd"[:at] + token.encode()
    text = base64.encodebytes(plain).decode()
    core = base64.b64encode(plain)
    for data in (text.replace("\n", "%0A"), text.replace("\n", "&#10;"), text.replace("\n", "\\u000a")):
        parts = [part for encoding in ESCAPES for part in opened(encoding, data.encode())]
        assert any(core in part.data.replace(b"\n", b"") for part in parts)


def test_compressed_data_in_base64(rng: Random) -> None:
    text = base64.b64encode(b"\x1f\x8b\x08\x00" + rng.randbytes(3000)).decode()
    for name, data in (("percent", quote(text, safe="")), ("backslash", text.replace("/", "\\/"))):
        (part,) = opened(BY_NAME[name], f'"{data}"'.encode())
        assert part.data.decode() == text


@pytest.mark.parametrize(
    ("name", "text", "plain"),
    [
        ("percent", "%70%61%74%C3%A9%u00e9%zz%2", b"pat\xc3\xa9\xc3\xa9%zz%2"),
        ("backslash", r"\x70\x61\x74\xe9\u00e9\u{1F600}\q\u{ffffffff}", b"pat\xe9" + "é😀\\q\\u{ffffffff}".encode()),
        ("html", "&#112;&#97;&#116;&eacute;&amp;;&unknown;&#x1F600;&amp;amp;", "paté&;&unknown;😀&".encode()),
        ("quoted-printable", "=70=61=74=C3=A9=5f", b"pat=C3=A9=5f"),
    ],
)
def test_what_escapes_stand_for(name: str, text: str, plain: bytes) -> None:
    (part,) = opened(BY_NAME[name], text.encode())
    wanted = plain.replace(b"|", b"\xe9").replace("éé".encode(), "é&".encode() if name == "html" else "éé".encode())
    assert part.data == wanted


@pytest.mark.parametrize(
    "text", [b"plain text", b"", b"pat_ %", b"a%61", b"100%25 of 3", b"x=70=61", b"c:\\users\\a_b"]
)
def test_nothing_rings_in_plain_text(text: bytes) -> None:
    assert not any(opened(encoding, text) for encoding in ESCAPES)


PIECES = [
    b"pat_",
    b"ak_",
    b"ak%5F",
    b"pat",
    b"=\n",
    b"=\r\n",
    b"%70%61%74",
    b"\\x70\\x61\\x74",
    b"\\\\",
    b"&#112;&#97;&#116;",
]
PIECES += [
    b"&amp;",
    b"=70=61=74",
    b" ",
    b"a" * 70,
    b"%u005f",
    b"YWtf",
    b"H4sI",
    b"%2B",
    b"\\/",
    b"\\u{110000}",
    b"&#x110000;",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=40).map(b"".join))
def test_any_bytes(data: bytes) -> None:
    for encoding in ESCAPES:
        end = 0
        for part in opened(encoding, data):
            assert end <= part.start < part.end <= len(data)
            end = part.end
            assert part.data != data[part.start : part.end]
            spans = [part.span(offset, offset + 1) for offset in range(len(part.data))]
            assert spans == sorted(spans)
            assert all(part.start <= first < last <= part.end for first, last in spans)
            assert part.span(0, len(part.data))[1] <= part.end


@pytest.mark.parametrize(
    "piece", [b"%70%61", b"\\", b"=\n", b"pat_abcd ", b"pat_%61 ", b"&amp;", b"&#112;", b"pat_", b"\\x70", b"=70"]
)
def test_much_of_the_same_ends(piece: bytes) -> None:
    data = piece * (200_000 // len(piece))
    for encoding in ESCAPES:
        for part in opened(encoding, data):
            assert part.span(len(part.data) - 1, len(part.data))[1] <= part.end
