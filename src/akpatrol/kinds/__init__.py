"""The kinds of credentials, one module each: adding a kind takes its module here and its rule in a rule file.

A module defines ``KIND``. Kinds import nothing from the program, so that all of it can use them.
"""

from __future__ import annotations

import os
import re
from importlib import import_module

from akpatrol.kinds.base import CredentialKind, named
from akpatrol.kinds.custom import KIND as CUSTOM

__all__ = ["CUSTOM", "KINDS", "PREFIXES", "CredentialKind", "named"]

_NO_KINDS = {"__init__.py", "base.py"}


def _modules() -> list[str]:
    """Return the names of the modules in this directory that define a kind, in order."""
    files = sorted(os.listdir(os.path.dirname(__file__)))
    return [file.removesuffix(".py") for file in files if file.endswith(".py") and file not in _NO_KINDS]


def _found() -> tuple[CredentialKind, ...]:
    kinds: list[CredentialKind] = [import_module(f"{__name__}.{module}").KIND for module in _modules()]
    return tuple(sorted(kinds, key=lambda kind: (kind.is_custom, kind)))


KINDS = _found()
"""All kinds, that of users' rules last."""

PREFIXES = "|".join(re.escape(kind.prefix) for kind in KINDS if kind.prefix)
"""A pattern for the prefixes of all kinds, without a group."""
