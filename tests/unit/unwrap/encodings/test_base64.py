"""Base64 in whatever surroundings, of whatever is encoded before."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.model.trigger import HeldBytes
from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings import encoded_literals
from akpatrol.unwrap.encodings.base64 import Base64
from akpatrol.unwrap.encodings.hexadecimal import Hexadecimal
from tests.corpus import packing
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.prefiltering import find, unwrapped

if TYPE_CHECKING:
    from akpatrol.model.trigger import Needs

_BOTH = (Base64(), Hexadecimal())
_BODY = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_quick = settings(max_examples=60)
_seeds = st.integers(0, 2**32)
_makers = st.sampled_from([organization_key, personal_access_token])
_texts = st.one_of(st.binary(max_size=90), st.text("ab {}:,\"'\n<é>?~", max_size=90).map(str.encode))
_words = st.text("ab {}:,\"'\n<é>?~", max_size=90).map(str.encode)
_breaks = st.sampled_from([b"\n", b"\r\n", rb"\n", rb"\r\n", b"\n    ", b"\n> "])


def _wrapped(text: bytes, width: int, between: bytes) -> bytes:
    return between.join(text[at : at + width] for at in range(0, len(text), width))


def _credential(seed: int = 0) -> bytes:
    return personal_access_token(random.Random(seed)).encode()


def test_the_cores_are_those_that_enumeration_gives() -> None:
    """Every prefix, at every alignment, with any bytes on either side."""
    ring = re.compile(b"|".join(trigger.pattern for trigger in encoded_literals.base64_triggers(shipped()).values()))
    seen = set()
    for prefix in (b"ak_", b"pat_"):
        for before in (b"", b"\0", b"\xff", b"ab", b"\xff\xff"):
            for after in _BODY:
                found = ring.search(base64.b64encode(before + prefix + bytes([after]) + b"00"))
                assert found
                seen.add(found[0])
    assert len(seen) == 1 + 6 + 2 + 6 + 2 + 1


_PARTS = [
    part
    for encoding in _BOTH
    for trigger in encoding.triggers
    for part in trigger.parts or ((trigger.pattern, trigger.needs),)
]


@_quick
@given(st.data(), st.sampled_from(_PARTS))
def test_what_a_trigger_needs_is_in_all_that_fires_it(data: st.DataObject, part: tuple[bytes, Needs]) -> None:
    pattern, needs = part
    assert HeldBytes(data.draw(st.from_regex(pattern, fullmatch=True)))(needs)


@_quick
@given(_makers, _seeds, _texts, _texts, st.booleans(), st.booleans())
def test_any_alignment_alphabet_and_padding(maker, seed, before, after, url, padded) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    token = maker(random.Random(seed)).encode()
    text = (base64.urlsafe_b64encode if url else base64.b64encode)(before + b" " + token + b" " + after)
    data = b'{"a b": "' + (text if padded else text.rstrip(b"=")) + b'", "c": 1}'
    (found,) = [found for found in find(Base64(), data) if token in found.data]
    assert found.encoding in {"base64", "base64url"}
    start, end = found.span(at := found.data.index(token), at + len(token))
    assert found.start <= start < end <= found.end
    bit = (len(before) + 1) * 8
    assert data[start:end] == text[bit // 6 : -(-(bit + len(token) * 8) // 6)]


@_quick
@given(_makers, _seeds, _words, _words, st.integers(44, 90), _breaks)
def test_wrapped(maker, seed, before, after, width, between) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    token = maker(random.Random(seed)).encode()
    text = base64.b64encode(before + b" " + token + b" " + after)
    data = b'x: "' + _wrapped(text, width, between) + b'"\n'
    (found,) = [found for found in find(Base64(), data) if token in found.data]
    start, end = found.span(at := found.data.index(token), at + len(token))
    plain = data[start:end].replace(between, b"")
    assert plain in text
    assert len(plain) in {-(-len(token) * 8 // 6), -(-len(token) * 8 // 6) + 1}


@pytest.mark.parametrize(
    "form",
    [
        "Authorization: Basic {}",
        "data:text/plain;base64,{}",
        "https://host/reset/{}?a=b",
        "eyJhbGciOiJub25lIn0.{}.c2lnbmF0dXJl",
        "$ cat token-of-somebody-or-other\n{}\n",
        "base64 -d <<EOF\n{}\nEOF\n",
        "-----BEGIN X-----\n{}\n-----END X-----\n",
        '{{"a":"\\n{}\\n"}}',
        "a:\n  token: {}\n  other: YWJj\n",
        "{}\n/usr/local/share/something\n",
    ],
)
def test_surroundings_are_no_part(form: str) -> None:
    for seed in range(40):
        token = _credential(seed)[: 42 + seed % 3]
        data = form.format(base64.urlsafe_b64encode(token).rstrip(b"=").decode()).encode()
        assert [found.data for found in find(Base64(), data) if found.data.startswith(token)]


@pytest.mark.parametrize("between", [b"&#13;\n", b'" +\n  "', b"' \\\n '", b'\\n" +\n"', b"\\\n", b"\n# ", b"\n * "])
def test_lines_of_other_kinds_and_lengths(between: bytes) -> None:
    token = _credential()
    text = base64.b64encode(b"key=" + token + b"\n")
    data = b'x = "' + text[:24] + between + text[24:40] + between + text[40:] + b'"\n'
    (found,) = find(Base64(), data)
    assert found.data == b"key=" + token + b"\n"


def test_a_list_of_credentials_is_no_wrapped_text() -> None:
    tokens = [_credential(seed)[:42] for seed in range(9)]
    data = b"\n".join(map(base64.b64encode, tokens))
    assert [found.data for found in find(Base64(), data)] == tokens


@pytest.mark.parametrize("magic", [b"\x1f\x8b\x08", b"PK\x03\x04", b"\xfd7zXZ\0", b"BZh91AY", b"\x28\xb5\x2f\xfd"])
def test_compressed_data_is_decoded_from_its_beginning(magic: bytes) -> None:
    inner = magic + random.Random(0).randbytes(600)
    for text in (base64.b64encode(inner), base64.encodebytes(inner), inner.hex().encode()):
        for data in (b"a: " + text, b'"' + text + b'"'):
            assert inner in [found.data for encoding in _BOTH for found in find(encoding, data)]
        twice = b"- " + base64.b64encode(b"x: " + text)
        assert inner in unwrapped(_BOTH, twice)


def test_compressed_data_in_the_other_alphabet() -> None:
    for magic in (b"\xfd7zXZ\0\0\4", b"\x28\xb5\x2f\xfd\x04\x58"):
        inner = magic + random.Random(0).randbytes(600)
        text = base64.urlsafe_b64encode(inner)
        assert inner in [found.data for found in find(Base64(), b"a: " + text)]


@pytest.mark.parametrize("before", [b"a: ", b"a=%22", b"a\n\n", b'"\\n'])
@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_is_decoded_from_its_beginning(before: bytes, layout: int) -> None:
    inner = packing.tar_bytes({"a": random.Random(0).randbytes(600)}, layout)
    for text in (base64.b64encode(inner), base64.encodebytes(inner), inner.hex().encode()):
        assert any(inner in found.data[: len(inner)] for one in _BOTH for found in find(one, before + text))


def test_binary_data_behind_a_credential_in_wrapped_text() -> None:
    """Wherever it begins in its line."""
    token = _credential()
    for length in range(80):
        inner = b"x" * length + b" " + token + b"\xff" * 200
        data = b'"' + _wrapped(base64.b64encode(inner), 76, b"\r\n") + b'"'
        (found,) = [found for found in find(Base64(), data) if token[:9] in found.data]
        assert found.data.endswith(token + b"\xff" * 200)


def test_a_prefix_that_the_end_of_a_line_cuts_between_other_characters() -> None:
    token = _credential()
    for length in range(60):
        inner = "é".encode() * length + b" " + token + b" and what follows"
        (found,) = find(Base64(), b'"' + _wrapped(base64.b64encode(inner), 76, b"\n    ") + b'"')
        assert token in found.data


def test_the_dashes_of_pem_are_no_part() -> None:
    text = base64.encodebytes(b"key=" + _credential() + b" and more of it, over some lines" * 3)
    (found,) = find(Base64(), b"-----BEGIN X-----\n" + text.replace(b"=", b"") + b"-----END X-----\n")
    assert (found.encoding, found.data[:4]) == ("base64", b"key=")


_LAYERS = {
    "base64": base64.b64encode,
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "mime": base64.encodebytes,
}


@_quick
@given(_makers, _seeds, st.lists(st.sampled_from(["base64", "hex", "HEX"]), min_size=2, max_size=3), _texts)
def test_nested(maker, seed, layers, before) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    token = data = maker(random.Random(seed)).encode()
    for layer in layers:
        data = b" " + _LAYERS[layer](before[:7] + b" " + data)
        before = before[7:]
    assert any(token in text for text in unwrapped(_BOTH, data))


@_quick
@given(_makers, _seeds, st.lists(st.binary(max_size=5), min_size=4, max_size=4))
def test_base64_four_times_over(maker, seed, befores) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    token = data = maker(random.Random(seed)).encode()
    for before in befores:
        data = b" " + base64.b64encode(before + b" " + data)
    assert any(token in text for text in unwrapped(_BOTH, data))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("before", ["", "a", "$x = "])
@pytest.mark.parametrize("layer", _LAYERS)
def test_utf_16_within(codec: str, before: str, layer: str) -> None:
    text = f"{before}{_credential().decode()} ".encode(codec)
    assert text in [found.data for encoding in _BOTH for found in find(encoding, _LAYERS[layer](text))]


@_quick
@given(st.binary(max_size=300), st.sampled_from([b"YWtf", b"H4sI", b"ha18", b"cGF0Xy", b"cG\nF0X"]), st.integers(0, 9))
def test_anything_goes(data: bytes, core: bytes, times: int) -> None:
    text = base64.b64encode(data)
    for hostile in (core * times + data, text + core * 20, (core + b"\n") * times + text, data + core):
        list(find(Base64(), hostile))


_HOSTILE = (
    b"YWtf",
    b"cGF0X0",
    b"FrX0",
    b"/YWtfA",
    b"YWtf\n",
    b"cGF0Xabcdefgh ijk.",
    rb"\nH4sIAAAAA",
    b"ha1\n   ",
    b'YWtf" ',
)


@pytest.mark.parametrize("piece", _HOSTILE)
def test_a_flood_of_alarms_ends(piece: bytes) -> None:
    data = piece * ((1 << 18) // len(piece))
    assert sum(len(found.data) for found in find(Base64(), data)) <= 4 * len(data)


def test_one_run_in_which_every_alignment_rings_is_decoded_three_times() -> None:
    each = b"".join(base64.b64encode(b" " * pad + _credential()[:40]).rstrip(b"=") for pad in range(3))
    data = each * ((1 << 18) // len(each))
    assert len(list(find(Base64(), data))) <= 4


def test_hashes_and_pictures_are_left_alone() -> None:
    rng = random.Random(0)
    hashes = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(3000)]
    integrity = ["sha512-" + base64.b64encode(hashlib.sha512(b"%d" % n).digest()).decode() for n in range(3000)]
    picture = base64.b64encode(rng.randbytes(1 << 18)).decode()
    data = "\n".join((*hashes, *integrity, picture)).encode()
    assert len([found for encoding in _BOTH for found in find(encoding, data)]) <= 8
