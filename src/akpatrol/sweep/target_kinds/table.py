"""The table of target kinds: which words and which targets are whose.

A kind is a module of this package with an instance of a ``TargetKind`` as ``KIND``, imported when it is met.
"""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.forge import table as forge_table

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.model.scan import Target
    from akpatrol.sources.base import Source
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.target_kinds.base import ReadingTerms, TargetKind

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")


class _KindModule(NamedTuple):
    """A module, the ``Target.kind``s that it reads, and the schemes of the addresses that name them."""

    module: str
    kinds: tuple[str, ...]
    schemes: tuple[str, ...] = ()


_TABLE = (
    _KindModule("local", ("file", "directory", "repository")),
    _KindModule("bucket", ("bucket", "bucket_versions"), ("s3", "gs", "az")),
    _KindModule("registry", ("images",), ("oci", "oci+http")),
    _KindModule("forge", forge_table.KINDS),
    _KindModule(
        "logs",
        ("logs",),
        ("elasticsearch+https", "elasticsearch+http", "opensearch+https", "opensearch+http", "cloudwatch"),
    ),
)
_LOCAL = _TABLE[0]


def named_by(word: str) -> TargetKind:
    """Return the kind of a word: that of its scheme, else a path or the address of a repository."""
    scheme = None if os.path.lexists(word) else _SCHEME.match(word)
    return _kind(next((entry for entry in _TABLE if scheme and scheme[1] in entry.schemes), _LOCAL).module)


def kind_of(target: Target) -> TargetKind:
    """Return the kind of a target."""
    return _kind(next(entry for entry in _TABLE if target.kind in entry.kinds).module)


def look(target: Target, own_files: Collection[bytes] = ()) -> TargetSignature:
    """Return a target's signature now, without the sweep's ``own_files``. Does not raise."""
    return kind_of(target).look(target, own_files)


def source(target: Target, terms: ReadingTerms) -> Source:
    """Return the source of a target. Raises AkpatrolError and OSError for one that cannot be opened."""
    return kind_of(target).source(target, terms)


@cache
def _kind(module: str) -> TargetKind:
    kind: TargetKind = import_module(f"akpatrol.sweep.target_kinds.{module}").KIND
    return kind
