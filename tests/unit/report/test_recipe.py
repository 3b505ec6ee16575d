"""A further format takes a file and a line: every command writes it, an earlier report too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""A line a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report import document

if TYPE_CHECKING:
    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions


def render(report: Report, options: RenderOptions) -> str:
    """Return the report."""
    return "".join(f"zz {one['redacted']}\\n" for one in document.build(report, options)["credentials"])
'''


def test_a_further_format_is_a_file_and_a_line(tmp_path: Path, key: str) -> None:
    trial = Trial(tmp_path)
    trial.add_file("report/as_zz.py", _MODULE)
    trial.add_line("report/__init__.py", "FORMATS = {", '    "zz": "as_zz",')
    assert trial.follows("Report format", "zz")
    (trial.tree / "a.env").write_text(f"KEY={key}\n")
    done = trial.run("scan", ".", "-f", "zz", "--report", f"json:{tmp_path / 'earlier'}")
    assert (done.code, done.out) == (1, f"zz {key[:7]}***({len(key)})\n".encode())
    assert trial.run("report", tmp_path / "earlier", "-f", "zz").out == done.out
    assert b"zz" in trial.run("scan", "--help").out
