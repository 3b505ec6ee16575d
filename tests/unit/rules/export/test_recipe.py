"""A further format for rules takes a file and a line: the command writes it, and its help names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.rule_file import load
from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""A line a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.export.portable import ExportedRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.rules.export.portable import PortableRule


def render(rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules."""
    return ExportedRules("".join(f"zz {rule.id}\\n" for rule in rules), ((rules[0].id, "without a zz"),))
'''


def test_a_further_format_is_a_file_and_a_line(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.add_file("rules/export/zz.py", _MODULE)
    trial.add_line("rules/export/__init__.py", "FORMATS = {", '    "zz": "zz",')
    assert trial.follows("Format for rules", "zz")
    done = trial.run("rules", "export", "zz")
    ids = [rule.id for rule in load().rules]
    assert (done.code, done.out.decode().splitlines()) == (0, [f"zz {name}" for name in ids])
    assert done.err.decode().splitlines() == [f"{ids[0]}: without a zz"]
