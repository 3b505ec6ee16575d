"""The table of target kinds: each kind and each scheme has one module, which keeps to the protocol."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from inspect import signature
from pathlib import Path

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Target
from akpatrol.sweep.target_kinds import table
from akpatrol.sweep.target_kinds.base import TargetKind

_MODULES = {path.stem for path in Path(table.__file__).parent.glob("*.py")} - {"__init__", "base", "table"}


def test_the_table_has_each_module_once() -> None:
    assert Counter(entry.module for entry in table._TABLE) == Counter(_MODULES)
    for names in ([kind for entry in table._TABLE for kind in entry.kinds], [*_schemes()]):
        assert len(names) == len({*names})


@pytest.mark.parametrize("entry", table._TABLE, ids=lambda entry: entry.module)
def test_each_kind_keeps_to_the_protocol(entry: table._KindModule) -> None:
    kind = table.kind_of(Target("0", entry.kinds[0], "/nowhere"))
    for name in ("named", "look", "source", "exists"):
        own, asked = (signature(getattr(one, name)) for one in (type(kind), TargetKind))
        assert [*own.parameters] == [*asked.parameters]
    for scheme in entry.schemes:
        assert table.named_by(f"{scheme}://name/more") is kind


def test_what_exists_is_a_path_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for scheme in (*_schemes(), "https"):
        (tmp_path / f"{scheme}:").mkdir()
        (tmp_path / f"{scheme}:" / "name").write_text("a file")
        (target,) = (
            table.named_by(f"{scheme}://name")
            .named(f"{scheme}://name", versions=False)
            .targets(lambda _: True, lambda: "0")
        )
        assert target == Target("0", "file", str(tmp_path / f"{scheme}:" / "name"))


def test_a_scheme_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="refused"):
        table.named_by("gopher://name/more").named("gopher://name/more", versions=False)


def test_a_sweep_of_paths_loads_no_client() -> None:
    """A local sweep and each of its workers would wait for it."""
    code = (
        "import sys; from akpatrol.pipeline import sweep; from akpatrol.sweep.target_kinds import local; "
        "sys.exit(bool({'httpx', 'botocore', 'azure', 'google.auth'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _schemes() -> list[str]:
    return [scheme for entry in table._TABLE for scheme in entry.schemes]
