"""The table of options: an entry is all that an option takes, and nothing of it is written twice."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import akpatrol
from akpatrol.config.limits import Limits
from akpatrol.config.options import OPTIONS, Options, in_environment, of
from akpatrol.config.settings import Configuration
from akpatrol.model.scan import Confidence
from akpatrol.rules.rule_file import shipped_files
from akpatrol.verify import VerifyOptions
from tests import program

_PACKAGE = Path(akpatrol.__file__).parent
_SOURCES = "\n".join(path.read_text() for path in sorted(_PACKAGE.rglob("*.py")))
_ENTRY = """
    probes: int = option(
        "--probes", form="whole", default=7, metavar="N", setter="caller", variable="AKPATROL_PROBES",
        help="Probes at most.",
    )
    # fmt: on
"""


@pytest.mark.parametrize("name", OPTIONS)
def test_each_sentence_and_variable_is_written_once(name: str) -> None:
    entry = OPTIONS[name]
    assert _SOURCES.count(f'"{entry.help}"') == 1
    assert not entry.variable or _SOURCES.count(entry.variable) == 1


def test_values_have_the_types_that_their_fields_say() -> None:
    assert Options() == of({})
    assert {name: entry.default for name, entry in OPTIONS.items()} == {
        name: value for name, value in Options()._asdict().items() if name != "explicit"
    }
    assert (Options().min_confidence, Options().jobs) == (Confidence.MEDIUM, None)


def test_defaults_are_those_of_what_takes_them() -> None:
    assert Options().limits == Limits()
    assert (VerifyOptions().api_url, VerifyOptions().rps) == (Options().api_url, Options().verify_rps)


def test_what_is_set_wins_over_what_is_lower() -> None:
    flags, lower = of({"verify": False, "jobs": 2}), of({"verify": True, "api_url": "u"})
    options = flags.over(in_environment({"AKPATROL_API_URL": "e", "AKPATROL_CA_BUNDLE": ""})).over(lower)
    assert (options.verify, options.jobs, options.api_url) == (False, 2, "e")
    assert options.explicit == {"verify", "jobs", "api_url"}
    assert options.fail_on == Options().fail_on


def test_keys_are_distinct_and_can_be_read() -> None:
    keys = [entry.key for entry in OPTIONS.values()]
    assert len(set(keys)) == len(keys)
    forms = {
        entry.form for name, entry in OPTIONS.items() if entry.setter != "nobody" and name not in Configuration._fields
    }
    assert forms <= {"text", "flag", "switch", "whole", "choice"}, "the reader of configurations knows no others"
    assert {entry.key for entry in OPTIONS.values() if entry.setter == "tree"} == {
        *("rules", "only_rules", "skip_rule", "rules_everywhere", "exclude", "min_confidence", "baseline"),
    }


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """A copy of the program that has one entry more."""
    shutil.copytree(_PACKAGE, tmp_path / "src/akpatrol", ignore=shutil.ignore_patterns("__pycache__", "shipped"))
    (tmp_path / "rules").mkdir()
    for file in shipped_files():
        shutil.copy(file, tmp_path / "rules")
    table = tmp_path / "src/akpatrol/config/options.py"
    assert table.read_text().count("    # fmt: on\n") == 1
    table.write_text(table.read_text().replace("    # fmt: on\n", _ENTRY.lstrip("\n")))
    return tmp_path / "src"


def _shown(source: Path, tree: Path, *arguments: str, **variables: str) -> list[dict[str, str]]:
    values = {"PYTHONPATH": os.fspath(source), **variables}
    done = program.execute("config", "show", "-f", "json", *arguments, cwd=tree, variables=values)
    assert done.code == 0, done.err
    return [value for value in json.loads(done.out)["values"] if value["key"] == "probes"]


def test_a_further_option_takes_one_entry(extended: Path, tmp_path: Path) -> None:
    tree, file = tmp_path / "tree", tmp_path / "file.toml"
    tree.mkdir()
    file.write_text("probes = 3\n")
    variables = {"PYTHONPATH": os.fspath(extended)}
    scan = program.execute("scan", "--help", cwd=tree, variables=variables).out.decode()
    assert "--probes N" in scan
    assert "Probes at most.  [default: 7]" in scan
    assert "--probes" not in program.execute("report", "--help", cwd=tree, variables=variables).out.decode()
    config = ("--config", os.fspath(file))
    assert _shown(extended, tree) == [{"key": "probes", "value": "7", "origin": "default"}]
    assert _shown(extended, tree, *config) == [{"key": "probes", "value": "3", "origin": os.fspath(file)}]
    (tree / ".akpatrol.toml").write_text("probes = 3\n")
    done = program.execute("scan", cwd=tree, variables=variables)
    assert b"probes: a scanned tree may not set this" in done.err
    (tree / ".akpatrol.toml").unlink()
    assert [value["origin"] for value in _shown(extended, tree, *config, AKPATROL_PROBES="5")] == ["AKPATROL_PROBES"]
    flag = [{"key": "probes", "value": "4", "origin": "--probes"}]
    assert _shown(extended, tree, *config, "--probes", "4", AKPATROL_PROBES="5") == flag
