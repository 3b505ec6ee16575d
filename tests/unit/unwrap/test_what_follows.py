"""Text after an encoded credential is no part of it: a wrong secret is worse than none."""

from __future__ import annotations

import random
from base64 import b64encode

import pytest

from akpatrol.scanner import Scanner
from tests.credentials import organization_key, personal_access_token

_SCANNER = Scanner()
_TOKENS = (
    *(personal_access_token(random.Random(length), length=length) for length in range(36, 48)),
    *(organization_key(random.Random(length), secret_length=length) for length in range(24, 40)),
)
# Their letters would continue base64, and their first ones a credential.
_NAMES = ("type", "token", "username", "MODE", "NODE_ENV", "URL", "TYPE", "data", "SECRET_KEY", "end")
_DIGITS = (b",42,57\n", b" 42 57\n", b"-31\n", b":80\n", b", 44, 45\n")


def _secrets(data: bytes) -> list[bytes]:
    return [hit.match.secret.reveal() for hit in _SCANNER.scan(data)]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("assigned", [": Opaque", "=1", '="x"', "='x'", "=$x"])
def test_next_line_of_settings(name: str, assigned: str) -> None:
    for token in _TOKENS:
        for indent in ("  token: ", "KEY="):
            text = f"data:\n{indent}{b64encode(token.encode()).decode()}\n{name}{assigned}\n"
            assert _secrets(text.encode()) == [token.encode()]


def test_next_line_of_a_list() -> None:
    lines = [b64encode(token.encode()) for token in _TOKENS]
    assert _secrets(b"\n".join(lines)) == [token.encode() for token in _TOKENS]


@pytest.mark.parametrize("behind", _DIGITS)
def test_numbers_behind_hexadecimal(behind: bytes) -> None:
    for token in _TOKENS:
        assert _secrets(b"1,\\x" + token.encode().hex().encode() + behind) == [token.encode()]


def test_lines_that_a_shell_made_words_of() -> None:
    for number, token in enumerate(_TOKENS):
        lines = b64encode(b"mode=production\n" * 3 + b";" * number + token.encode() + b"\nverbose=false\n" * 3)
        words = b" ".join(lines[at : at + 76] for at in range(0, len(lines), 76))
        assert _secrets(b"export SETTINGS=" + words + b"\n") == [token.encode()]
