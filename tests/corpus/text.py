"""Texts to put around a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_WORDS = (
    *("the", "deployment", "of", "our", "service", "went", "well", "and", "every", "request", "was", "answered"),
    *("before", "noon", "while", "two", "workers", "waited", "for", "queue", "to", "drain", "so", "nobody", "had"),
    *("be", "called", "during", "night", "shifts", "again"),
)


def prose(rng: Random, words: int = 40) -> str:
    """Return lines of words."""
    chosen = rng.choices(_WORDS, k=words)
    return "".join(word + ("\n" if index % 9 == 8 else " ") for index, word in enumerate(chosen)) + "\n"


def log(rng: Random, lines: int = 60) -> str:
    """Return an access log."""
    return "".join(
        f"2024-03-{rng.randrange(1, 29):02} 12:{rng.randrange(60):02} INFO {rng.choice(_WORDS)} "
        f"status={rng.choice((200, 204, 404))} ms={rng.randrange(900)}\n"
        for _ in range(lines)
    )
