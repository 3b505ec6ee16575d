"""A further scanner's report takes a file and a line: it is recognised and compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests import peer_reports
from tests.peer_reports import Leak
from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""Reports of zz, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow

if TYPE_CHECKING:
    from akpatrol.compare.document import ReportDocument
    from akpatrol.validate.fields import Fields


class _Zz:
    name = "zz (JSON)"

    def recognises(self, document: ReportDocument) -> bool:
        return isinstance(document.first, dict) and "zz" in document.first

    def read(self, document: ReportDocument, name: str) -> ParsedReport:
        read, unreadable = entries.read_each(entries.numbered(document.first["zz"], "leak"), _entry)
        return ParsedReport(ReportFacts("zz"), read, tuple(unreadable))


def _entry(fields: Fields) -> ReportEntry:
    return ReportEntry(ReportRow("zz", fields.text("file"), fields.position("line")), fields.text("text"))


READER = _Zz()
'''


def test_a_further_report_is_a_file_and_a_line(tmp_path: Path, key: str) -> None:
    trial = Trial(tmp_path)
    trial.add_file("compare/readers/zz.py", _MODULE)
    trial.add_line("compare/readers/__init__.py", "FORMATS = (", '    "zz",')
    assert trial.follows("Another scanner's report", "zz")
    (trial.tree / "theirs").write_text(json.dumps({"zz": [{"file": "a.py", "line": 1, "text": key}, {"file": "b.py"}]}))
    (trial.tree / "other").write_bytes(peer_reports.gitleaks([Leak(key, "a.py")]))
    done = trial.run("compare", "theirs", "other")
    assert (done.code, done.err) == (3, b"")
    assert done.out.startswith(b"Both reports agree on 1 finding of 1 credential, but 1 entry could not be read\n")
    assert b"leak 2: line: is missing" in done.out
