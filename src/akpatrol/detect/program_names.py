"""Words that a match may be part of: names in programs, and tokens of other vendors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.detect.medium import Medium
    from akpatrol.model.scan import Constant

# Words that continue another vendor's token so that it looks like one of ours.
FOREIGN_WORDS = (b"github_", b"dckr_")
# Itanium C++ ABI 5.1; Rust's "Symbol Mangling" v0 and legacy; the underscore that Mach-O puts before.
MANGLED = (b"_Z", b"_R", b"__Z", b"__R")
_LONGEST_NAME = 1000


def constants(medium: Medium, start: int) -> Sequence[Constant]:
    """Return a program's constants that hold a byte; none in a name that a compiler generated, which is in no pool."""
    if not medium.constants or name_before(medium.data, start).startswith(MANGLED):
        return ()
    return medium.constants(start)


def name_before(data: bytes, start: int) -> bytes:
    """Return the string of C that leads to ``start``, as far as it may be a name."""
    return data[data.rfind(b"\0", max(0, start - _LONGEST_NAME), start) + 1 : start]
