"""Rules in the formats of other scanners: one module a format, and a line in ``FORMATS``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.rules.export.portable import ExportedRules, PortableRule

FORMATS = {
    "gitleaks": "gitleaks",
    "betterleaks": "betterleaks",
    "kingfisher": "kingfisher",
    "github": "github",
}
"""Each format and its module, which has a function ``render``."""


def render(name: str, rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules in a format of ``FORMATS``."""
    exported: ExportedRules = import_module(f"akpatrol.rules.export.{FORMATS[name]}").render(rules)
    return exported
