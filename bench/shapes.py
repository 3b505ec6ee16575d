"""The shapes of credential that nobody has documented and that must all be found: name -> generator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests import credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

BODIES = (20, 32, 64, 256)  # characters of a personal access token's body: the least, the usual, the most
PAIRS = ((4, 16), (12, 32), (64, 256))  # characters of <id> and <secret>


def _shapes() -> Iterator[tuple[str, Callable[[Random], str]]]:
    token, key = credentials.personal_access_token, credentials.organization_key
    for name in credentials.ALPHABETS:
        for length in BODIES:
            yield f"pat_ {name} {length}", partial(token, alphabet_name=name, length=length)
        for first, second in PAIRS:
            shape = f"{name} {first}.{second}"
            yield f"pat_ {shape}", partial(token, alphabet_name=name, length=second, id_length=first)
            yield f"ak_ {shape}", partial(key, id_alphabet=name, id_length=first, secret_length=second)
    yield (
        "ak_ hex 16.base64url 43",
        partial(key, id_alphabet="hex", id_length=16, secret_alphabet="base64url", secret_length=43),  # noqa: S106
    )
    yield "pat_ UUID", lambda rng: f"pat_{credentials.uuid4(rng)}"
    yield "pat_ UUID without dashes", lambda rng: f"pat_{credentials.uuid4(rng, dashes=False)}"
    yield "pat_ ULID", lambda rng: f"pat_{credentials.ulid(rng)}"
    yield "pat_ UUID.UUID", lambda rng: f"pat_{credentials.uuid4(rng)}.{credentials.uuid4(rng)}"
    yield "ak_ UUID.ULID", lambda rng: f"ak_{credentials.uuid4(rng)}.{credentials.ulid(rng)}"
    yield "ak_ ULID.UUID", lambda rng: f"ak_{credentials.ulid(rng)}.{credentials.uuid4(rng)}"


SHAPES: dict[str, Callable[[Random], str]] = dict(_shapes())
