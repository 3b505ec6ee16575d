"""Random credentials for tests, made at run time so that no file holds a token-shaped literal."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_ALPHABETS = {
    "hex": "0123456789abcdef",
    "hex_upper": "0123456789ABCDEF",
    "lower": string.ascii_lowercase + string.digits,
    "base62": string.ascii_letters + string.digits,
    "base64url": string.ascii_letters + string.digits + "-_",
    "crockford": "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    "crockford_lower": "0123456789abcdefghjkmnpqrstvwxyz",
}
ALPHABETS = tuple(_ALPHABETS)


def alphabet(name: str) -> str:
    """Return the characters of the alphabet ``name``, one of ``ALPHABETS``."""
    return _ALPHABETS[name]


def random_text(rng: Random, alphabet_name: str, length: int) -> str:
    """Return ``length`` independent, uniform characters."""
    return "".join(rng.choices(alphabet(alphabet_name), k=length))


def uuid4(rng: Random, *, dashes: bool = True) -> str:
    """Return a version 4 UUID (RFC 9562) in lower case."""
    digits = f"{rng.getrandbits(128):032x}"
    digits = f"{digits[:12]}4{digits[13:16]}{rng.choice('89ab')}{digits[17:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])) if dashes else digits


def ulid(rng: Random) -> str:
    """Return a ULID: 48 bits of time in milliseconds (2020 to 2030) and 80 random bits."""
    value = rng.randrange(1_577_836_800_000, 1_893_456_000_000) << 80 | rng.getrandbits(80)
    return "".join(alphabet("crockford")[value >> 5 * place & 31] for place in reversed(range(26)))


def organization_key(
    rng: Random,
    *,
    id_alphabet: str = "base62",
    id_length: int = 12,
    secret_alphabet: str | None = None,
    secret_length: int = 32,
) -> str:
    """Return ``ak_<id>.<secret>``; the secret's alphabet is the id's unless given."""
    key_id = random_text(rng, id_alphabet, id_length)
    return f"ak_{key_id}.{random_text(rng, secret_alphabet or id_alphabet, secret_length)}"


def personal_access_token(
    rng: Random, *, alphabet_name: str = "base62", length: int = 40, id_length: int | None = None
) -> str:
    """Return ``pat_<body>`` with a body of ``length``, or ``pat_<id>.<body>`` when ``id_length`` is given."""
    body = random_text(rng, alphabet_name, length)
    return f"pat_{body}" if id_length is None else f"pat_{random_text(rng, alphabet_name, id_length)}.{body}"
