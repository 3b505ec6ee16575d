"""Match skips that a configuration accepts: by path pattern, by object id, or by the form of a container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import directory, matcher, prefix
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from akpatrol.config.settings import SkipAcceptance
    from akpatrol.model.scan import Skipped, Target
    from akpatrol.policy.group import AcceptedSkip

_SHORTEST_ID = 7


def acceptances(
    accept: Sequence[SkipAcceptance], base: str | None, targets: Sequence[Target]
) -> tuple[AcceptedSkip, ...]:
    """Return the skips that a configuration accepts, with expired entries marked; ``base`` as in ``Settings``."""
    if not accept:
        return ()
    from datetime import UTC, datetime  # noqa: PLC0415 - most configurations accept nothing

    from akpatrol.policy.group import AcceptedSkip  # noqa: PLC0415

    today = datetime.now(UTC).date()
    # A skip does not name its target: with several targets, it is accepted in all of them or in none.
    prefixes = {prefix(base, directory(target)) for target in targets} or {b""}
    return tuple(
        AcceptedSkip(entry.reason, _matches(entry, prefixes), expired=bool(entry.expires and entry.expires <= today))
        for entry in accept
    )


def _matches(entry: SkipAcceptance, prefixes: Collection[bytes]) -> Callable[[Skipped], bool]:
    if entry.path:
        by_path = matcher([entry.path])
        # A member's name begins with its container's path.
        return lambda skip: all(
            by_path(directory_prefix + os.fsencode(skip.item.split(" > ")[0]), False)  # noqa: FBT003 - a callable's argument
            for directory_prefix in prefixes
        )
    if entry.form:
        return _of_form(entry.form)
    known = entry.object
    return lambda skip: skip.item == known or (len(known) >= _SHORTEST_ID and skip.item.startswith(known))


def _of_form(name: str) -> Callable[[Skipped], bool]:
    """Return a function that says whether a skip is of that form, by its reason's title. Raises UsageError."""
    from akpatrol.unwrap.containers.forms import TITLES  # noqa: PLC0415 - most configurations accept nothing

    titles = {title.lower(): title for title in TITLES}
    if name.lower() not in titles:
        from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

        near = get_close_matches(name.lower(), titles, 1, 0.3)
        hint = f"; did you mean {titles[near[0]]}?" if near else ""
        raise UsageError(f"accept_skip: form: unknown form {name}{hint}")
    return lambda skip: skip.reason.partition(":")[0] == titles[name.lower()]
