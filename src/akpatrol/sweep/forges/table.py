"""The table of forges: a module of this package each, with a ``ForgeKind`` as ``KIND``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.sweep.forges.base import ForgeKind

_MODULES = (
    "github",
    "gitlab",
    "gitea",
    "bitbucket",
    "azure",
)


def _kind(module: str) -> ForgeKind:
    kind: ForgeKind = import_module(f"akpatrol.sweep.forges.{module}").KIND
    return kind


FORGES: dict[str, ForgeKind] = {kind.name: kind for kind in map(_kind, _MODULES)}
