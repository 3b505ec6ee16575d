"""A limit on the work for one content, so that input made to be slow costs little more than its size.

Work is counted in steps, not in seconds: what is found and what is skipped is the same on every machine. Work that
leads to a finding is free, so that no number of credentials uses it up.
"""

from __future__ import annotations

# A step takes about a microsecond: 5 seconds for any content, and 5 more for 100 MB.
_LEAST_STEPS, _BYTES_A_STEP = 5_000_000, 20

REASON = "too many places look like credentials, plain or encoded, but are not: the rest was not judged"

# The cost in steps of work that is done once for each place.
SCREENED, SCREENED_BYTES, JUDGED = 4, 16, 20  # what the pattern matches: refused at once, and by the judge
REFUSED = 4  # a place amid binary data that its own text refuses
RUNG, WANTED = 2, 6  # a place that may be encoded, and one in a stretch of base64 or hexadecimal
DECODED, DECODED_BYTES, EXAMINED = 4, 40, 80  # a text that is, one more for so many bytes, and if it is suspected
FOUND = 200  # given back for a finding: what rings there, and what is decoded, is no waste


class Work:
    """The steps that are ``left``; ``over`` once they ran out with work left, ``told`` where it was reported."""

    __slots__ = ("left", "over", "told")

    def __init__(self) -> None:
        self.left = _LEAST_STEPS
        self.over = False
        self.told: str | None = None

    def grow(self, size: int) -> None:
        """Allow for ``size`` more bytes of the content."""
        self.left += size // _BYTES_A_STEP

    def spend(self, steps: int) -> None:
        """Count work that led to no finding."""
        self.left -= steps

    def is_done(self) -> bool:
        """Return whether no steps are left; call it only before leaving work undone."""
        if self.left > 0:
            return False
        self.over = True
        return True
