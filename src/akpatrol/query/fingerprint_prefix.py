"""A credential named by the beginning of its fingerprint, which is what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model.identity import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_DIGITS = 8
"""Two of 10,000 credentials begin alike with a probability of one in a hundred."""

_BEGINNING = re.compile(f"(?:{re.escape(PREFIX)})?([0-9a-f]{{{FEWEST_DIGITS},64}})", re.IGNORECASE)
_WHOLE = len(PREFIX) + 64
_FORM = f"give at least {FEWEST_DIGITS} hex digits of it, with or without {PREFIX}"
_SHOWN = 5


def beginning(text: str) -> str | None:
    """Return what the fingerprint begins with, ``akp1:`` included; None for anything else."""
    found = _BEGINNING.fullmatch(text)
    return PREFIX + found[1].lower() if found else None


def wanted(text: str) -> str:
    """Return what the fingerprint begins with. Raises UsageError for anything else."""
    if not (found := beginning(text)):
        raise UsageError(f"{text}: not a fingerprint or the beginning of one", hint=_FORM)
    return found


def is_whole(name: str) -> bool:
    """Return whether nothing of a fingerprint is left out."""
    return len(name) == _WHOLE


def the_one(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known fingerprints that begins so, None without any. Raises UsageError for several."""
    found = sorted({one for one in known if one.startswith(name)})
    if len(found) > 1:
        listed = [*found[:_SHOWN], *([f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else [])]
        raise UsageError(f"{name}: {len(found):,} fingerprints begin so", hint="give more of it:\n" + "\n".join(listed))
    return found[0] if found else None
