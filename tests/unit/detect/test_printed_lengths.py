"""Serializations of which all bytes look like text: no end that is wrong is certain, and text's stays certain."""

from __future__ import annotations

import marshal
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Confidence, End
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.scan import Match

_ENGINE = Engine(load(), "automaton")
_SEEDS = 500


def _credential(rng: Random) -> str:
    if rng.random() < 0.5:
        return organization_key(rng, secret_length=rng.choice((24, 28, 32, 43, 47, 48)))
    return personal_access_token(rng, length=rng.choice((28, 32, 36, 40, 43)))


def _texts(rng: Random, credential: str) -> list[str]:
    """Return a credential and its neighbours, most of which begin with letters."""
    texts = [
        rng.choice(
            (
                *("production", "https://example.com/a", "alice@example.com", "name"),
                *(random_text(rng, "base62", rng.randrange(32, 120)), random_text(rng, "hex", 40)),
            )
        )
        for _ in range(rng.randrange(1, 6))
    ]
    texts.insert(rng.randrange(len(texts) + 1), credential)
    return texts


def _cbor_item(text: str) -> bytes:
    """RFC 8949 section 3: what a text begins with."""
    return (bytes((0x60 + len(text),)) if len(text) < 24 else bytes((0x78, len(text)))) + text.encode()


def _cbor(texts: Sequence[str]) -> bytes:
    return bytes((0x80 + len(texts),)) + _cbor_sequence(texts)


def _cbor_sequence(texts: Sequence[str]) -> bytes:
    return b"".join(map(_cbor_item, texts))


def _message(texts: Sequence[str]) -> bytes:
    """Protocol buffers with fields from the fourth on, whose tags are printable."""
    return b"".join(bytes((field << 3 | 2, len(text))) + text.encode() for field, text in enumerate(texts, 4))


def _repeated(texts: Sequence[str]) -> bytes:
    return b"".join(bytes((9 << 3 | 2, len(text))) + text.encode() for text in texts)


def _counted(texts: Sequence[str]) -> bytes:
    return b"".join(bytes((len(text),)) + text.encode() for text in texts)


_WRITERS = (_cbor, _cbor_sequence, _message, _repeated, _counted)


def _found(data: bytes, credential: str) -> list[Match]:
    at = data.index(credential.encode())
    return [match for match in _ENGINE.scan(data) if match.start == at]


@pytest.mark.parametrize("write", _WRITERS)
@pytest.mark.parametrize("far", [False, True])
def test_no_wrong_end_is_certain(write: Callable[[Sequence[str]], bytes], *, far: bool) -> None:
    """In few of many, all that tells is by chance what text has, too: then the end of the text is taken."""
    wrong = 0
    for seed in range(_SEEDS):
        rng = Random(seed)
        credential = _credential(rng)
        texts = _texts(rng, credential)
        if far:
            texts = [random_text(rng, "base62", 60) for _ in range(5)] + texts
        for match in _found(write(texts), credential):
            wrong += match.ending is End.CERTAIN and match.secret.reveal() != credential.encode()
            assert match.ending is End.CERTAIN or match.confidence <= Confidence.MEDIUM
    assert wrong <= 1


def test_lists_of_cbor_are_read() -> None:
    """Where a list begins with the data, the end is right, also behind a length that is a letter."""
    for seed in range(_SEEDS):
        rng = Random(seed)
        credential = _credential(rng)
        (match,) = _found(
            _cbor([*(random_text(rng, "base62", 60) for _ in range(5)), *_texts(rng, credential)]), credential
        )
        assert (match.secret.reveal(), match.ending) == (credential.encode(), End.CERTAIN)


@pytest.mark.parametrize("after", [b"\n", b"\x1c", b"("])
def test_a_field_amid_binary_data(after: bytes) -> None:
    """A tag and a length, both of which look like text, before the end of a line, or another length."""
    key = organization_key(Random(1), secret_length=44).encode()
    other = random_text(Random(2), "base62", after[0]).encode()
    data = b"\x0a\x04true" + b"B" + bytes((len(key),)) + key + b"J" + after + other + b"R\x02ok"
    assert len(key) == ord("<")
    (match,) = _ENGINE.scan(data)
    assert match.secret.reveal() == key if match.ending is End.CERTAIN else match.confidence <= Confidence.MEDIUM


_STYLES = (
    *(
        b"x=%b\n",
        b"x=%b",
        b"x = %b\n",
        b"KEY=%b\n",
        b"key: %b\n",
        b"- %b\n",
        b"* %b\n",
        b'"key":"%b"',
        b'"key": "%b",\n',
    ),
    *(b"{'x':'%b'}", b"f(x, %b)", b"f(x,%b)", b"b'%b'", b'r"%b"', b'X="%b"', b"x:%b\n", b"x %b\n", b"max %b of them\n"),
    *(
        b"<x>%b</x>",
        b"[%b]",
        b"`%b`",
        b"Bearer %b\r\n",
        b"/v1/%b?x=1",
        b"?x=%b&y=2",
        b";%b;",
        b",%b,",
        b"a\t%b\n",
        b"// %b\n",
    ),
    *(
        b"prefix: %b\n",
        b"index(%b)",
        b":%b:",
        b'\n"%b"\n',
        b'\t"%b",\n',
        b"j,%b\n",
        b'"%b":2',
        b"%b # x",
        b"linux %b\n",
    ),
)


def test_ends_in_text_stay_certain() -> None:
    uncertain = number = 0
    for seed in range(60):
        rng = Random(seed)
        for style in _STYLES:
            before, after = rng.choice((b"", b"name: value\n")), rng.choice((b"", b"OTHER=value\nMORE=1\n"))
            credential = personal_access_token(rng, length=rng.choice((28, 40, 64, 100, 128)))
            (match,) = _found(before + style % credential.encode() + after, credential)
            uncertain += match.ending is End.UNCERTAIN
            number += 1
    assert uncertain <= 0.001 * number


@pytest.mark.parametrize(
    "before",
    [
        *(b"", b"text ", b"first line\n", b'"a": 5, "key": "x', b"\xc3\x98 ", b"key:\n  x"),
    ],
)
def test_a_length_that_only_text_follows(before: bytes) -> None:
    """``x `` is how CBOR writes a text of 32 characters."""
    token = personal_access_token(Random(3), length=60)
    for after in (b" and more, as one writes it\n", b"; the rest\n", b'", "b": [1, 2]}\n'):
        (match,) = _found(before + b"x " + token.encode() + after, token)
        assert (match.secret.reveal(), match.ending) == (token.encode(), End.CERTAIN)


def test_a_length_beats_a_column_that_chance_writes() -> None:
    """The bytes before have the form of a SQLite cell: a payload, a row's number, a header, and serial types."""
    token = personal_access_token(Random(4), length=36)
    data = marshal.dumps(["name", "".join(list("secret")), token, random_text(Random(5), "base62", 124)], 1)
    assert data.index(b"eu\x06\0\0\0secretu") < data.index(token.encode())
    other = personal_access_token(Random(9), length=43)
    pickled = b"\x80\x03]q\x00(" + b"X\1\0\0\0cq\1h\4X/\0\0\0" + other.encode() + b"Uq\2X\4\0\0\0nameq\3e."
    for one, written in ((token, data), (other, pickled)):
        (match,) = _found(written, one)
        assert (match.secret.reveal(), match.ending) == (one.encode(), End.CERTAIN)


def test_few_printable_bytes_are_a_number() -> None:
    """Between zeros, or from a zero to the end of the data, a name parts a credential from what precedes it."""
    token = personal_access_token(Random(6), length=40)
    for before, ending in ((b"H{\t:", End.UNCERTAIN), (b"1x/}", End.UNCERTAIN), (b"KEY=", End.CERTAIN)):
        for after in (b"", b"\0\0\0"):
            (match,) = _found(b"\x80\1\0\0\0\0" + before + token.encode() + b"production" + after, token)
            assert match.ending is ending
