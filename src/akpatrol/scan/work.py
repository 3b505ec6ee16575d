"""A limit on the work for one content, so that input made to be slow costs little more than its size.

Work is counted in steps, not in seconds: findings and skips are the same on every machine. Work that
leads to a finding is free, so that no number of credentials uses it up.
"""

from __future__ import annotations

# A step takes about a microsecond: 5 seconds for any content, and 5 more for each 100 MB.
_LEAST_STEPS, _BYTES_A_STEP = 5_000_000, 20

REASON = "too many places look like credentials, plain or encoded, but are not: the rest was not judged"

# The cost of the work on one place, in steps.
SCREENED, SCREENED_BYTES, JUDGED = 4, 16, 20  # a match of the pattern: refused at once, and by the judge
REJECTED = 12  # a match of a user's pattern that the rule's filters do not let pass
REFUSED = 4  # a place amid binary data that its own text refuses
FIRED, IN_RUN = 2, 6  # a place where a trigger fires, and one in a run of base64 or hexadecimal
DECODED, DECODED_BYTES, EXAMINED = 4, 40, 80  # a decoded text, one more for so many bytes, and if it is scanned
FOUND = 200  # given back for a finding: what fires and is decoded there is no waste


class Work:
    """The steps ``left``; ``over`` once they ran out with work to do, ``reported`` names the item of that skip."""

    __slots__ = ("_left_to_reject", "left", "over", "reported")

    def __init__(self) -> None:
        self.left = self._left_to_reject = _LEAST_STEPS
        self.over = False
        self.reported: str | None = None

    def grow(self, size: int) -> None:
        """Allow for ``size`` more bytes of the content."""
        self.left += size // _BYTES_A_STEP
        self._left_to_reject += size // _BYTES_A_STEP

    def spend(self, steps: int) -> None:
        """Count work that led to no finding."""
        self.left -= steps

    def may_reject(self, number: int = 1) -> bool:
        """Count matches of users' patterns that are no findings, and return whether more may be looked at.

        They have as many steps of their own: a user's rule leaves ours their work.
        """
        self._left_to_reject -= number * REJECTED
        self.over |= self._left_to_reject <= 0
        return self._left_to_reject > 0

    def is_done(self) -> bool:
        """Return whether no steps are left; call it only before leaving work undone."""
        if self.left > 0:
            return False
        self.over = True
        return True
