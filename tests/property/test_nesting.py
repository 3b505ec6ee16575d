"""However often a credential was encoded, by any mix: it is found, or the scan reports that something is too deep.

Not promised, and so not drawn: text encoders that leave a zero byte as it is, of binary data.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin, Skipped
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from tests.corpus.spellings import is_mark
from tests.corpus.text import prose
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.detect.prefilter import PrefilterChoice

_LARGEST = 20_000  # bytes; each layer may take several times what is in it
_PUNCTUATION = frozenset(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_MARK_NAMES = "percnt equals bsol amp num semi lcub rcub lowbar"
_NAMES = {ord(mark): name for mark, name in zip("%=\\&#;{}_", _MARK_NAMES.split(), strict=True)}


def _each(spell: Callable[[int], str], data: bytes, *, chosen: Callable[[int], bool] = lambda _: True) -> bytes:
    return b"".join(spell(byte).encode() if chosen(byte) else bytes([byte]) for byte in data)


def _wide(codec: str, data: bytes) -> bytes:
    return data.decode("latin-1").encode(codec)


def _is_binary_for_mail(byte: int) -> bool:
    return byte == ord("=") or not 32 <= byte < 127


def _joined(data: bytes) -> bytes:
    """Return two string literals, of which the first may end within a prefix."""
    cut = 2 + len(data) % 20
    return b'"' + data[:cut] + b'" + "' + data[cut:] + b'"'


_SPELLINGS: dict[str, Callable[[int], str]] = {
    "percent": "%{:02X}".format,
    "percent lower": "%{:02x}".format,
    "u": "\\u{:04x}".format,
    "U": "\\U{:08x}".format,
    "x": "\\x{:02x}".format,
    "braces": "\\u{{{:x}}}".format,
    "octal": "\\{:03o}".format,
    "html decimal": "&#{};".format,
    "html hex": "&#x{:X};".format,
    "quoted-printable": "={:02X}".format,
}
_TEXT_ONLY: dict[str, Callable[[bytes], bytes]] = {
    "json": lambda data: json.dumps(data.decode("latin-1"))[1:-1].encode(),
    "punctuation": partial(_each, "\\{:c}".format, chosen=_PUNCTUATION.__contains__),
    "html special": lambda data: html.escape(data.decode("latin-1")).encode(),
    "html names": partial(_each, lambda byte: f"&{_NAMES[byte]};", chosen=_NAMES.__contains__),
}
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": b64encode,
    "base64 url": lambda data: urlsafe_b64encode(data).rstrip(b"="),
    "hex": lambda data: data.hex().encode(),
    "hex upper": lambda data: data.hex().upper().encode(),
    **{name: partial(_each, spell) for name, spell in _SPELLINGS.items()},
    **{f"{name}, marks": partial(_each, spell, chosen=is_mark) for name, spell in _SPELLINGS.items()},
    "quoted-printable, mail": partial(_each, "={:02X}".format, chosen=_is_binary_for_mail),
    **{codec: partial(_wide, codec) for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")},
    "joined": _joined,
    **_TEXT_ONLY,
}


@cache
def _examiner(choice: PrefilterChoice) -> Examiner:
    if choice == "hyperscan":
        pytest.importorskip("hyperscan")
    return Examiner(load(), Limits(), choice)


def _encoded(data: bytes, names: tuple[str, ...]) -> bytes:
    for number, name in enumerate(names):
        # A credential is in pieces, and not what it is encoded in.
        if (name in _TEXT_ONLY and b"\0" in data) or (name == "joined" and number):
            continue
        encoded = _ENCODERS[name](data)
        if len(encoded) > _LARGEST:
            break
        data = encoded
    return data


def _look(data: bytes, choice: PrefilterChoice = "automaton") -> Iterator[RawFinding | Skipped]:
    found = _examiner(choice).examine_item(Content(Origin("0", path=b"file"), data, size=len(data)))
    return (item for item in found if isinstance(item, RawFinding | Skipped))


def _layers() -> st.SearchStrategy[tuple[str, ...]]:
    """Return up to twelve layers, of all encoders or of the same few over and over."""
    few = st.lists(st.sampled_from(sorted(_ENCODERS)), min_size=1, max_size=3, unique=True)
    any_layers = st.lists(st.sampled_from(sorted(_ENCODERS)), min_size=1, max_size=12)
    return st.one_of(
        any_layers, few.flatmap(lambda some: st.lists(st.sampled_from(some), min_size=1, max_size=12))
    ).map(tuple)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(_layers(), st.integers(0, 1 << 32), st.sampled_from(["automaton", "hyperscan"]))
@example(("percent",) * 5, 1, "automaton")
@example(("joined",), 1, "automaton")
@example(("joined", "base64", "percent, marks"), 1, "hyperscan")
@example(("html decimal",) + ("html special",) * 11, 1, "automaton")
@example(("u",) + ("json",) * 11, 1, "automaton")
@example(("u", "u, marks", "u, marks"), 1, "automaton")
@example(("utf-16-le",) * 6, 1, "automaton")
@example(("quoted-printable", "percent, marks", "base64", "html names", "utf-16-be", "hex"), 1, "hyperscan")
@example(("base64 url", "utf-16-le", "braces, marks"), 1, "automaton")
@example(("html decimal", "utf-16-be", "quoted-printable, mail", "html special"), 1, "automaton")
@example(("html decimal", "utf-32-le", "quoted-printable, mail", "quoted-printable"), 1, "automaton")
@example(("html hex", "html names", "html special"), 1, "automaton")
@example(("percent lower", "quoted-printable, marks", "punctuation"), 1, "automaton")
@example(("punctuation", "utf-32-be", "quoted-printable, mail", "punctuation"), 1, "automaton")
@example(("percent lower", "punctuation", "percent, marks", "percent, marks"), 1, "automaton")
@example(("punctuation",) * 11, 1, "automaton")
@example(("utf-16-be", "percent", "punctuation", "punctuation"), 1, "automaton")
@example(("html names", "utf-32-le", "quoted-printable, mail", "html special"), 1, "automaton")
@example(("u", "html names", "quoted-printable, marks", "html names"), 1, "automaton")
@example(("u", "utf-32-le", "quoted-printable, mail", "json"), 1, "automaton")
def test_no_depth_is_silent(layers: tuple[str, ...], seed: int, choice: PrefilterChoice) -> None:
    rng = Random(seed)
    secret = rng.choice((organization_key, personal_access_token))(rng)
    assume(list(_look(secret.encode())))  # a few draws look like no credential
    assert list(_look(_encoded(secret.encode(), layers), choice))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(_layers(), st.integers(0, 1 << 32))
@example(("json",) * 12, 1)
@example(("percent, marks",) * 12, 1)
def test_text_without_a_credential_is_no_skip(layers: tuple[str, ...], seed: int) -> None:
    """Also where it holds what begins as one does."""
    rng = Random(seed)
    log = f'{{"url": "/break_away.js?pat_id=12&ak_=%20", "<b>": "pat_{seed % 1000}", "text": "{prose(rng, 200)}"}}\n'
    assert not list(_look(_encoded(log.encode()[:400], layers)))
