"""click's parameters for the table of options, and the types of their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli import directory
from akpatrol.config.options import OPTIONS, SIZES
from akpatrol.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.config.options import Option, OptionForm

_SIZE = r"(\d+)([KMGT]?)(?:i?B)?"


class Size(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A number of bytes, with K, M, G or T for powers of 1,024."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        size = re.fullmatch(_SIZE, str(value), re.IGNORECASE)
        if not size or not int(size[1]):
            self.fail("write a number of bytes such as 500M or 20G", param, ctx)
        return int(size[1]) * SIZES[size[2].upper()]


class ReportParameter(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """``FORMAT:FILE``."""

    name = "format:file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first colon and check the format."""
        if isinstance(value, tuple):
            return value
        name, colon, file = str(value).partition(":")
        if not colon or not file or name not in FORMATS:
            self.fail(f"write FORMAT:FILE with FORMAT one of {', '.join(FORMATS)}", param, ctx)
        return name, file


class GuessingChoice(click.Choice):  # type: ignore[type-arg]  # generic in new versions only
    """A choice that guesses which one was meant."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice. Raises BadParameter with a guess."""
        try:
            return str(super().convert(value, param, ctx))
        except click.BadParameter:
            from akpatrol.cli.guesses import close  # noqa: PLC0415 - only for a mistake

            if guess := close(str(value), map(str, self.choices)):
                self.fail(f"{str(value)!r} is none of them; did you mean {guess}?", param, ctx)
            raise


def parameter(name: str, **how: Any) -> click.Option:
    """Return click's option for an entry of the table; ``how`` has further arguments for click."""
    entry = OPTIONS[name]
    if entry.form == "directory":
        how |= {"is_eager": True, "callback": directory.enter}
    elif entry.form == "flag":
        how["is_flag"] = True
    elif entry.form == "count":
        how["count"] = True
    elif entry.form == "switch":
        how["default"] = None
    return click.Option(
        [*entry.flags, name],
        type=_type(entry),
        multiple=entry.multiple,
        metavar=entry.metavar if not isinstance(_type(entry), click.Choice) else None,
        help=entry.text,
        **how,
    )


def _type(entry: Option) -> click.ParamType[Any] | None:
    if entry.form in ("choice", "format"):
        return GuessingChoice(entry.choices or list(FORMATS))
    return _TYPES.get(entry.form)


_TYPES: dict[OptionForm, click.ParamType[Any]] = {
    "report": ReportParameter(),
    "file": click.Path(dir_okay=False),
    "existing_file": click.Path(exists=True, dir_okay=False),
    "existing_path": click.Path(exists=True),
    "whole": click.IntRange(min=1),
    "number": click.FloatRange(min=0, min_open=True),
    "size": Size(),
}


def explicit_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the options that were typed, by their names."""
    typed = {name: value for name, value in arguments.items() if _is_typed(OPTIONS[name], value)}
    return {name: parse(value) if (parse := OPTIONS[name].parse) else value for name, value in typed.items()}


def _is_typed(entry: Option, value: Any) -> bool:
    if entry.form == "switch":
        return value is not None
    # An empty text, as from an unset variable, counts as not given.
    return bool(value) or (value == "" and entry.form == "file")
