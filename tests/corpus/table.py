"""The corpus: every kind of place where a credential is to be found. A new one is a builder and a line in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.contained import CONTAINED
from tests.corpus.encoded import ENCODED
from tests.corpus.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.corpus.artifact import Case

    Build = Callable[[Random, str], Case]

FOUND: dict[str, Build] = {**ENCODED, **CONTAINED, **SCENES}
assert len(FOUND) == len(ENCODED) + len(CONTAINED) + len(SCENES)
