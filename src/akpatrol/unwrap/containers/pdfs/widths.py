"""The widths of ASCII characters in the fonts that every reader has (Adobe Core 14 AFM), in thousandths of their size.

Files before PDF 1.5, and those of many libraries, leave them out (ISO 32000-1, 9.6.2.2). Only the distances between
words depend on them, so slanted fonts take the widths of the upright ones.
"""

from __future__ import annotations

from typing import Final

_HELVETICA: Final = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_HELVETICA_BOLD: Final = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 "
    "584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 "
    "333 611 556 778 556 556 500 389 280 389 584"
)
_TIMES: Final = (
    "250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 500 500 500 500 500 500 500 500 500 500 278 278 "
    "564 564 564 444 921 722 667 667 722 611 556 722 722 333 389 722 611 889 722 722 556 722 667 556 611 722 722 944 "
    "722 722 611 333 278 333 469 500 333 444 500 444 500 444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 "
    "278 500 500 722 500 500 444 480 200 480 541"
)
_TIMES_BOLD: Final = (
    "250 333 555 500 500 1000 833 278 333 333 500 570 250 333 250 278 500 500 500 500 500 500 500 500 500 500 333 333 "
    "570 570 570 500 930 722 667 722 722 667 611 778 778 389 500 778 667 944 722 778 611 778 722 556 667 722 722 1000 "
    "722 722 667 333 278 333 581 500 333 500 556 444 556 444 333 500 556 278 333 556 278 833 556 500 556 556 444 389 "
    "333 556 500 722 500 500 444 394 220 394 520"
)
_COURIER_WIDTH: Final = 600.0


def standard_widths(font: str) -> dict[int, float]:
    """Return the widths by code for a standard font or one that is named like it; nothing for others."""
    name = font.lower()
    bold = "bold" in name
    if "courier" in name or "mono" in name:
        return dict.fromkeys(range(32, 127), _COURIER_WIDTH)
    if "helvetica" in name or "arial" in name:
        table = _HELVETICA_BOLD if bold else _HELVETICA
    elif "times" in name:
        table = _TIMES_BOLD if bold else _TIMES
    else:
        return {}
    return {code: float(width) for code, width in enumerate(table.split(), 32)}
