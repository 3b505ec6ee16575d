"""Options that commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.cli.parameters import explicit_arguments, parameter
from akpatrol.config.options import OPTIONS, of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def shared(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command all shared options; they arrive as one ``flags`` argument."""
    return _with(OPTIONS, function)


def shared_with(command: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command that scans nothing those shared options whose entries name it."""
    names = [name for name, entry in OPTIONS.items() if command in entry.also]
    return lambda function: _with(names, function)


def _with(names: Collection[str], function: Callable[..., int]) -> Callable[..., int]:
    def with_flags(**arguments: Any) -> int:
        return function(flags=of(explicit_arguments({name: arguments.pop(name) for name in names})), **arguments)

    with_flags.__doc__ = function.__doc__
    with_flags.__name__ = function.__name__
    parameters = getattr(function, "__click_params__", [])
    # click reverses what decorators add.
    with_flags.__dict__["__click_params__"] = [*reversed([parameter(name) for name in names]), *parameters]
    return with_flags
