"""A commit of little that holds nothing, as most do, without what only a finding, a gap or a policy needs.

The index is read as in every other run. But its contents are compared with the patterns that an earlier run kept, so no
rule is parsed and no pattern is made. Whatever is not certainly silent is left to the ordinary run.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.pattern_cache import PatternCache
from akpatrol.config.environment import BASELINE, FILE_NAME, PYPROJECT, VARIABLES, cache_directory, environment
from akpatrol.detect import silent_patterns
from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Skipped, Target
from akpatrol.report.number_words import scanned_words
from akpatrol.scan.result import ScanResult
from akpatrol.sources.git import hook_repository
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import Git
from akpatrol.unwrap.containers.recognise import containers_among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.detect.silent_patterns import SilentPatterns
    from akpatrol.sources.base import Unit

_MOST_BYTES, _MOST_FILES = 1 << 20, 200
_LARGEST_PYPROJECT_BYTES = 1 << 18


class NotSilent(Exception):  # noqa: N818 - not an error
    """There is, or may be, more to say than how much was scanned."""


class PatternsMissing(NotSilent):
    """No earlier run kept the patterns."""


class CleanCommit(NamedTuple):
    """What a commit came to: ``words`` for nothing found in all that was scanned, None for the ordinary run to decide.

    ``lacks_patterns`` says that ``prepare`` would help.
    """

    words: str | None = None
    lacks_patterns: bool = False


def scan(files: tuple[str, ...]) -> CleanCommit:
    """Scan what the next commit would add, for a command line of ``files`` alone."""
    started = monotonic()
    try:
        result = _scan(files, environment())
    except (AkpatrolError, OSError, NotSilent) as reason:
        return CleanCommit(lacks_patterns=isinstance(reason, PatternsMissing))
    seconds = monotonic() - started
    return CleanCommit(scanned_words(dict(sorted(result.counts.items())), result.size, seconds))


def prepare() -> None:
    """Compile the patterns and keep them for later commits, once there are later commits."""
    from importlib.util import find_spec  # noqa: PLC0415 - until they are kept

    store = PatternCache(cache_directory(environment()))
    if find_spec("hyperscan") is None or not silent_patterns.are_wanted(store):
        return
    from akpatrol.config.limits import Limits  # noqa: PLC0415 - once for each version of this program
    from akpatrol.rules import rule_file  # noqa: PLC0415
    from akpatrol.scan.examine import Examiner  # noqa: PLC0415

    Examiner(rule_file.load(), Limits(), "hyperscan").engine.prefilter.keep_silent(store)


def _scan(files: tuple[str, ...], variables: Mapping[str, str]) -> ScanResult:
    """Return the counts. Raises NotSilent."""
    if any(name.startswith(VARIABLES) for name in variables):
        raise NotSilent
    repository, hook = hook_repository.find()
    if _has_policy(repository.work_tree or b""):
        raise NotSilent
    patterns = silent_patterns.kept(PatternCache(cache_directory(variables)))
    if not patterns:
        raise PatternsMissing
    source = IndexSource(
        Git(repository, hook),
        Target("0", "index", ""),
        [os.fsencode(file) for file in files],
        os.fsencode(os.getcwd()),
        lambda _path, _is_directory: False,
    )
    result = ScanResult()
    for planned in source.plan():
        if isinstance(planned, Skipped | Counted | Excluded) or len(source.changed_paths()) > _MOST_FILES:
            raise NotSilent
        _read(planned, patterns, result)
    if any(source.check()):
        raise NotSilent
    return result


def _read(unit: Unit, patterns: SilentPatterns, result: ScanResult) -> None:
    read = 0
    for item in unit.read():
        if isinstance(item, Counted):
            result.add(item)
        elif isinstance(item, Chunk) or (isinstance(item, Content) and not item.read):
            read += len(item.data)
            if read > _MOST_BYTES or containers_among([item.data]) or not patterns.match_none(item.data):
                raise NotSilent
        else:
            raise NotSilent


def _has_policy(top: bytes) -> bool:
    """Return whether a work tree may have a configuration or a baseline."""
    if any(os.path.lexists(os.path.join(top, name.encode())) for name in (FILE_NAME, BASELINE)):
        return True
    shared = os.path.join(top, PYPROJECT.encode())
    if not os.path.lexists(shared):
        return False
    if not os.path.isfile(shared):
        return True
    with open(shared, "rb") as stream:
        content = stream.read(_LARGEST_PYPROJECT_BYTES + 1)
    return len(content) > _LARGEST_PYPROJECT_BYTES or b"akpatrol" in content
