"""What README and docs/ say is true: commands, options, help texts, tables, links and the library's example."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
import pytest

from akpatrol.cli.group import cli
from akpatrol.config.options import OPTIONS
from akpatrol.errors import ExitCode
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import State
from tests.credentials import personal_access_token

if TYPE_CHECKING:
    from types import ModuleType

_ROOT = Path(__file__).parents[1]
_GENERATED = "docs/commands.md"
_PAGES = {
    str(path.relative_to(_ROOT)): path.read_text() for path in (*_ROOT.glob("*.md"), *(_ROOT / "docs").glob("*.md"))
}
_WRITTEN = "\n".join(text for page, text in _PAGES.items() if page != _GENERATED)
_README = _PAGES["README.md"]
_CONTEXT = click.Context(cli)
_README_WORDS = 1200


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _WRITTEN, re.DOTALL | re.MULTILINE)


def _commands() -> dict[str, click.Command]:
    found = {name: cli.get_command(_CONTEXT, name) for name in cli.list_commands(_CONTEXT)}
    return {name: command for name, command in found.items() if command}


def _calls() -> list[list[str]]:
    """Every call of akpatrol in a shell block or in code in a sentence."""
    lines = [line for block in _blocks("sh") for line in block.splitlines()]
    lines += re.findall(r"`(akpatrol [^`]+)`", _WRITTEN)
    parts = [part.strip() for line in lines for part in re.split(r"&&|\||;", line)]
    calls = (shlex.split(part.removeprefix("exec "))[1:] for part in parts if _CALL.match(part))
    return [list(call) for call in dict.fromkeys(map(tuple, calls))]


_CALL = re.compile(r"(exec )?(\.venv/bin/)?akpatrol [a-z]")


@pytest.mark.parametrize("call", _calls(), ids=" ".join)
def test_every_command_line_names_a_command_and_its_options(call: list[str]) -> None:
    command = _commands()[call[0]]
    if isinstance(command, click.Group) and call[1:]:
        command = command.commands[call[1]]
    options = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}
    assert {word for word in call if word.startswith("-") and word != "-"} <= options | {"--help"}


def test_every_module_that_is_run_exists() -> None:
    modules = {module for block in _blocks("sh") for module in re.findall(r"python -m ([\w.]+)", block)}
    assert len(modules) > 5
    files = [_ROOT / module.replace(".", "/") for module in modules]
    assert all(file.with_suffix(".py").is_file() or (file / "__main__.py").is_file() for file in files)


def test_every_command_is_in_the_readme() -> None:
    for name in _commands():
        assert re.search(rf"^\| `akpatrol {name}\b", _README, re.MULTILINE), name


def test_the_option_tables_are_the_help_texts() -> None:
    listed = {}
    for names, text in re.findall(r"^\| (`-[^|]+) \| (.+) \|$", _WRITTEN, re.MULTILINE):
        for name in re.findall(r"--[\w-]+", names):
            listed[name] = text
    for command in ("scan", "history", "staged", "commit-msg", "verify"):
        options = {
            name: option.help
            for option in _commands()[command].params
            if isinstance(option, click.Option)
            for name in option.opts + option.secondary_opts
            if name.startswith("--")
        }
        assert listed.items() <= options.items()
        for own in options.keys() - listed.keys():
            assert f"`{own}" in _WRITTEN, own


def test_every_command_and_option_has_a_help_text() -> None:
    for command in _commands().values():
        assert command.help
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, option.name


def _made() -> ModuleType:
    """Return the program that makes pages."""
    specification = importlib.util.spec_from_file_location("make_commands", _ROOT / "docs/make_commands.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_command_reference_is_the_programs_help() -> None:
    # Help is wrapped, and words of a default may depend on the machine: only line ends and blanks may differ.
    assert _PAGES[_GENERATED].split() == _made().text().split(), "run: python docs/make_commands.py"


@pytest.mark.parametrize("page", sorted({entry.page for entry in OPTIONS.values()}))
def test_each_table_of_options_is_made_of_the_options(page: str) -> None:
    written = _PAGES[f"docs/{page}.md"]
    assert _made().with_options(page, written) == written, "run: python docs/make_commands.py"
    assert written.count("| option | meaning |") == 1


def test_all_keys_and_variables_are_named() -> None:
    page = _PAGES["docs/configuration.md"].partition("## Shared options")[0]
    for entry in OPTIONS.values():
        assert entry.setter == "nobody" or re.search(rf"`{entry.key}`|^{entry.key} = ", page, re.MULTILINE), entry.key
        assert f"`{entry.variable}`" in page or not entry.variable


def test_the_exit_codes_are_all_listed() -> None:
    section = _README.partition("## Exit codes")[2].partition("\n## ")[0]
    listed = {
        int(number) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for number in row.split(",")
    }
    assert listed == {int(code) for code in ExitCode}
    assert all(str(int(code)) in (cli.help or "") for code in ExitCode)


def test_the_states_and_statuses_are_all_listed() -> None:
    for title, members in (("| state |", {*State}), ("| status |", {*VerificationStatus})):
        section = _WRITTEN.partition(title)[2].partition("\n\n")[0]
        assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == members


def test_the_library_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = _blocks("python")
    token = personal_access_token(Random("readme"))
    exec(compile(example, "library.md", "exec"), {"token": token.encode()})  # noqa: S102 - the point of the test
    printed = capsys.readouterr().out
    listed = re.search(r"prints `(.+?)`", _WRITTEN)
    assert listed
    mask = re.compile(r"pat_\w{4}\*\*\*\(44\)")
    assert mask.sub("MASK", printed.strip()) == mask.sub("MASK", listed[1])
    assert token not in printed


def test_the_readme_is_short() -> None:
    assert len(_README.split()) <= _README_WORDS


@pytest.mark.parametrize("page", _PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", _PAGES[page]):
        assert target.startswith("https://") or (_ROOT / page).parent.joinpath(target).exists(), target


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#]+)\)", _README))
    assert {page for page in _PAGES if page.startswith("docs/")} <= linked


def test_the_files_that_they_name_exist() -> None:
    for name in ("bench/demo.py", "src/akpatrol/report/schema.json", ".ci/run"):
        assert name in _WRITTEN
        assert (_ROOT / name).is_file()
