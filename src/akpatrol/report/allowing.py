"""How to allow a finding, in words and commands that work where the reader is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.report import RenderOptions

_MERGED_FIRST = (
    "Known and harmless? Only what the base of the range allows counts: have an allowance merged first, by somebody "
    "who may."
)
_COMMENT = "`akpatrol:allow <why>`"


def how_to_allow(command: str, names: Sequence[str], options: RenderOptions) -> tuple[str, str]:
    """Return a sentence and its command, for the credentials with these short names of a scan ``command``."""
    is_one = len(names) == 1
    allow = f'{options.program} allow {names[0] if is_one else "ID"} --reason "..."'
    digits = "" if is_one else " with the digits beside it for ID"
    if command == "range":
        return f"{_MERGED_FIRST} To make one{digits}:", allow
    if options.in_hook:
        return f"Known and harmless? End its line with the comment {_COMMENT}, or run{digits}:", allow
    return f"Known and harmless?{' Run' * (not is_one)}{digits}{':' * (not is_one)}", allow
