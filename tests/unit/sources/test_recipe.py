"""A further source takes a module, its run, its command and a line: it has every option, format and exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = '''"""A file of records that end in a NUL byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Content, Origin, Skipped, State
from akpatrol.sources.base import OneTarget
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Item, Placed


class RecordUnit(NamedTuple):
    """All records."""

    target: str
    path: str
    title: str = "records"

    def read(self) -> Iterator[Item]:
        """Yield each record."""
        try:
            with open(self.path, "rb") as stream:
                records = stream.read().split(b"\\0")
        except OSError as error:
            yield Skipped(self.path, error.strerror or "cannot be read")
            return
        for number, record in enumerate(records):
            yield Content(Origin(self.target, path=b"record-%d" % number), record, counter="records")


class RecordSource(OneTarget):
    """``akpatrol records``."""

    def plan(self) -> Iterator[RecordUnit]:
        """Yield the one unit."""
        yield RecordUnit(self._target.id, self._target.root)

    def place(self, hits: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each finding as one of a file."""
        for hit in hits:
            yield hit.match, occurrence(hit, State.WORKTREE)
'''
_RUN = '''"""A run over records."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.model.scan import Target
from akpatrol.pipeline.run import run
from akpatrol.sources.records import RecordSource

if TYPE_CHECKING:
    from akpatrol.errors import ExitCode
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure


def records(configure: Configure, console: Console, file: str) -> ExitCode:
    """Scan the records of a file."""
    target = Target("0", "records", os.path.realpath(file))
    return run("records", [RecordSource(target)], configure(None, None), console)
'''
_COMMAND = '''"""``akpatrol records``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.records import records

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("records")
@click.argument("file", metavar="FILE")
@shared
def command(flags: Options, file: str) -> int:
    """Scan the records of FILE."""
    return records(partial(resolve, flags), Terminal(), file)
'''


def test_a_further_source_is_three_files_and_a_line(tmp_path: Path, key: str) -> None:
    trial = Trial(tmp_path)
    trial.add_file("sources/records.py", _SOURCE)
    trial.add_file("pipeline/records.py", _RUN)
    trial.add_file("cli/records.py", _COMMAND)
    trial.add_line("cli/group.py", "_COMMANDS = {", '    "records": ("records", "Scan records."),')
    assert trial.follows("Source", "records")
    (trial.tree / "some").write_bytes(b"first\0KEY=%b\n\0" % key.encode())
    report = trial.json("records", "some")
    assert [(one["path"], one["line"]) for one in report["credentials"][0]["occurrences"]] == [("record-1", 1)]
    assert report["coverage"]["counts"]["records"] == 3
    assert trial.run("records", "missing").code == 3
    assert b"records" in trial.run("--help").out
    (tmp_path / "sarif").touch()
    assert trial.run("records", "some", "-f", "sarif", "-o", tmp_path / "sarif").code == 1
    assert key not in (tmp_path / "sarif").read_text()
