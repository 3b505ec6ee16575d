"""Negative controls: credentials that cannot exist, to check that the API distinguishes credentials.

Each has the id part ``akpatrolcontrol``, so that the provider can recognise it in logs. Where a credential has no id
part, the text follows the prefix. The rest is random and has the shape (length and
alphabet) of a credential of the same batch, because a server may refuse any other shape.
"""

from __future__ import annotations

import string
from secrets import SystemRandom
from typing import TYPE_CHECKING

from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from random import Random

    from akpatrol.kinds import CredentialKind

MARKER = "akpatrolcontrol"
_LEAST_RANDOM = 20  # characters; even of digits alone, more than anyone can have issued
_ALPHABETS = (
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_letters,
)


def forge(kind: CredentialKind, like: Secret, random: Random | None = None) -> Secret:
    """Return a credential of the shape of ``like`` that cannot exist."""
    random = random or SystemRandom()
    key_id, dot, rest = like.reveal().decode("ascii")[len(kind.prefix) :].partition(".")
    if not dot:
        key_id, rest = MARKER, key_id[len(MARKER) :]
    padding = _alike(key_id[len(MARKER) :], random) if dot else ""
    tail = _alike(rest.ljust(_LEAST_RANDOM, rest[-1:] or "0"), random)
    return Secret(f"{kind.prefix}{MARKER}{padding}{dot}{tail}".encode())


def is_control(kind: CredentialKind, secret: Secret) -> bool:
    """Return whether a credential is one of ours, found in someone's log."""
    return secret.reveal().startswith(f"{kind.prefix}{MARKER}".encode())


def _alike(text: str, random: Random) -> str:
    """Return random text of the same length and alphabet; other characters stay in place."""
    used = {character for character in text if character.isalnum()}
    alphabet = next((known for known in _ALPHABETS if used <= set(known)), _ALPHABETS[-1])
    return "".join(random.choice(alphabet) if character.isalnum() else character for character in text)
