"""How far containers and encodings are opened: the options of ``Limits``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from akpatrol.config.limits import Limits

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = r"(\d+)([KMGT]?)(?:i?B)?"


class Size(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A number of bytes, with K, M, G or T for powers of 1,024."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        found = re.fullmatch(_SIZE, str(value), re.IGNORECASE)
        if not found or not int(found[1]):
            self.fail("write a number of bytes such as 500M or 20G", param, ctx)
        return int(found[1]) * _UNITS[found[2].upper()]


_COUNT = click.IntRange(min=1)

OPTIONS = (
    click.option("--no-decode", is_flag=True, help="Do not look into encodings: base64, UTF-16, percent and others."),
    click.option("--no-containers", is_flag=True, help="Do not open containers: zip, tar, gzip and others."),
    click.option("--decode-depth", type=_COUNT, metavar="N", help="Encodings in encodings at most.  [default: 4]"),
    click.option("--max-depth", type=_COUNT, metavar="N", help="Containers in containers at most.  [default: 8]"),
    click.option("--max-members", type=_COUNT, metavar="N", help="Members of a container at most.  [default: 250,000]"),
    click.option("--max-expanded", type=Size(), metavar="SIZE",
                 help="What one container may expand to; those named as a PATH are exempt.  [default: 16G]"),
    click.option("--max-expanded-overall", type=Size(), metavar="SIZE",
                 help="The same with all containers in it.  [default: 64G]"),
    click.option("--max-seconds", type=click.FloatRange(min=0, min_open=True), metavar="N",
                 help="Time for a container and all in it.  [default: 600]"),
    click.option("--max-ratio", type=_COUNT, metavar="N",
                 help="Expanded to stored at most, beyond 1 GiB expanded.  [default: 200]"),
)  # fmt: skip

_FIELDS = {
    "decode_depth": "decode_depth",
    "max_depth": "depth",
    "max_members": "members",
    "max_expanded": "expanded",
    "max_expanded_overall": "expanded_overall",
    "max_seconds": "seconds",
    "max_ratio": "ratio",
}


def limits(arguments: MutableMapping[str, Any]) -> Limits:
    """Take these options out of a command's arguments and return what they come to."""
    wanted = {field: arguments.pop(name) for name, field in _FIELDS.items()}
    given = {field: value for field, value in wanted.items() if value is not None}
    return Limits(containers=not arguments.pop("no_containers"), decode=not arguments.pop("no_decode"), **given)
