"""Encoded lines that carry something of their own: no credential that they cut is told as a whole one."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol import Scanner
from akpatrol.model.scan import Confidence, End
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SCANNER = Scanner(min_confidence=Confidence.LOW)
_ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "base64": lambda data: b64encode(data).decode(),
    "hex": bytes.hex,
}
_CARRIED: dict[str, Callable[[Sequence[str]], str]] = {
    "patch": lambda lines: "".join(f"+{line}\n" for line in lines),
    "patch of files with CRLF": lambda lines: "".join(f"+{line}\r\n" for line in lines),
    "log": lambda lines: "".join(f"2026-11-29T02:00:{n:02}.{n:07}Z {line}\n" for n, line in enumerate(lines)),
    "array": lambda lines: "[\n" + ",\n".join(f'  "{line}"' for line in lines) + "\n]\n",
    "grep": lambda lines: "".join(f"a.txt:{n}:{line}\n" for n, line in enumerate(lines, 1)),
    "log of a container": lambda lines: "".join(f'{{"log":"{line}\\n","stream":"stdout"}}\n' for line in lines),
}


def _wrapped(seed: int, encode: Callable[[bytes], str], width: int) -> tuple[str, list[str]]:
    rng = Random(seed)
    secret = organization_key(rng, secret_length=40) if seed % 2 else personal_access_token(rng, length=60)
    text = encode(b"x" * rng.randint(0, 60) + b" key=" + secret.encode() + b"\n" + b"other text " * 3)
    return secret, [text[start : start + width] for start in range(0, len(text), width)]


@pytest.mark.parametrize("encoding", _ENCODINGS)
@pytest.mark.parametrize("carried", _CARRIED)
def test_what_a_line_cuts_is_uncertain(carried: str, encoding: str) -> None:
    cut = 0
    for seed in range(60):
        secret, lines = _wrapped(seed, _ENCODINGS[encoding], (60, 64, 76)[seed % 3])
        for hit in _SCANNER.scan(_CARRIED[carried](lines)):
            if hit.match.secret.reveal() != secret.encode():
                cut += 1
                assert hit.match.ending is End.UNCERTAIN, (seed, lines)
                assert hit.match.confidence <= Confidence.MEDIUM
    assert cut


@pytest.mark.parametrize("encoding", _ENCODINGS)
@pytest.mark.parametrize("margin", ["", "> ", "    ", "# "])
def test_wrapped_text_is_joined(margin: str, encoding: str) -> None:
    for seed in range(20):
        secret, lines = _wrapped(seed, _ENCODINGS[encoding], 76)
        (hit,) = _SCANNER.scan("".join(f"{margin}{line}\n" for line in lines))
        assert (hit.match.secret.reveal(), hit.match.ending) == (secret.encode(), End.CERTAIN)


@pytest.mark.parametrize(
    "text", ["data:\n  api-key: {}\n  name: foobarbaz123\n", '["{}",\n "YWtfMTIz"]\n', "{}\nother: text\n", "a={}\nb\n"]
)
def test_whole_values_are_certain(text: str) -> None:
    for length in (40, 41, 42):
        key = organization_key(Random(length), secret_length=length)
        (hit,) = _SCANNER.scan(text.replace("{}", b64encode(key.encode()).decode()))
        assert (hit.match.secret.reveal(), hit.match.ending) == (key.encode(), End.CERTAIN)


def _softly_broken(rng: Random, secret: str) -> str:
    """Return quoted-printable whose first line of base64 ends where padded text could end."""
    while True:
        text = b64encode(b"token: "[: rng.randrange(8)] + b" " + secret.encode() + b" and more"[: rng.randrange(10)])
        core = text.decode().rstrip("=")
        cuts = [cut for cut in range(31, min(72, len(core) - 4), 4) if core[cut - 1] in "AEIMQUYcgkosw048"]
        if cuts:
            cut = rng.choice(cuts)
            padding = "=3D" * (len(text) - len(core))
            return f"{'b' * (74 - cut)} {core[:cut]}=\n{core[cut:]}{padding}\n"


def test_a_soft_break_where_padding_could_be_cuts_nothing_unseen() -> None:
    whole = 0
    for seed in range(400):
        rng = Random(seed)
        secret = organization_key(rng, secret_length=40) if seed % 2 else personal_access_token(rng, length=60)
        for hit in _SCANNER.scan(_softly_broken(rng, secret)):
            if hit.match.secret.reveal() == secret.encode():
                whole += 1
            else:
                assert hit.match.ending is End.UNCERTAIN, seed
    assert whole > 390


def test_padded_text_that_the_next_line_could_continue_is_uncertain() -> None:
    for seed in range(200):
        rng = Random(seed)
        secret = personal_access_token(rng, length=47)
        text = b64encode(b"a" * ((-len(secret) - 2) % 3 or 3) + b" " + secret.encode()).decode()
        line = "".join(rng.choice(half) for _ in range(4) for half in ("aQZ", "HQ", "EVk", "AQx"))
        assert text.endswith("=")
        for following, ending in ((f"{line}!", End.UNCERTAIN), ("rotate: 30 days", End.CERTAIN)):
            (hit,) = _SCANNER.scan(f"{text}\n{following}\n")
            assert (hit.match.secret.reveal(), hit.match.ending) == (secret.encode(), ending)
