"""The group of all commands, each of which is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from akpatrol import __version__
from akpatrol.cli.parameters import parameter
from akpatrol.errors import UsageError

# name -> (module in this package, help): a command's module is imported when the command runs.
_COMMANDS = {
    "scan": ("scan", "Scan files, directories and standard input."),
    "history": ("history", "Scan every object of a git repository."),
    "staged": ("staged", "Scan what the next commit would add."),
    "commit-msg": ("commit_msg", "Scan a commit message before the commit."),
    "pre-receive": ("pre_receive", "Scan a push, as a git server's hook."),
    "sweep": ("sweep", "Scan many repositories and keep the findings in a store."),
    "trace": ("trace", "Show every location of one credential."),
    "workstation": ("workstation", "Scan the places on a machine where credentials come to lie."),
    "verify": ("verify", "Ask the API whether credentials are live."),
    "report": ("report", "Render an earlier report, or a store of sweeps, in any format."),
    "compare": ("compare", "Compare reports of several scanners: what each has not shown, and why."),
    "baseline": ("baseline", "Create, update, show and review the baseline of known credentials."),
    "allow": ("allow", "Allow one credential, with a reason."),
    "rules": ("rules", "List, show, check, try and export rules."),
    "config": ("config", "Show the configuration in force, and its JSON Schema."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is used: every commit pays for start-up."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the command. Raises UsageError for one that belongs after it."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if command := next((word for word in words if word in _COMMANDS), None):
                hint = f"akpatrol {command} {error.option_name} ..."
                raise UsageError(f"{error.option_name} belongs after the command", hint=hint) from None
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the documentation."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        module: Any = import_module(f"akpatrol.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command. Raises UsageError with a guess for a word that names none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from akpatrol.cli import guesses  # noqa: PLC0415 - only for a mistake

            word, behind = args[0], args[1:]
            if not (guess := guesses.command(word, _COMMANDS)):
                raise
            hint = f"did you mean: akpatrol {' '.join([guess, *behind])}"
            raise UsageError(f"{word}: no such command", hint=hint) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[parameter("directory", expose_value=False)],
)
@click.version_option(__version__, prog_name="akpatrol")
def cli() -> None:
    """Find leaked Anyreach API credentials: in files, in streams and in the entire git history.

    Exit codes: 0 complete and nothing found; 1 at least one finding; 2 the command line, a path, a rule file,
    a baseline or the configuration is wrong; 3 nothing found, but something could not be scanned; 4 a bug in
    akpatrol; 130, 141, 143 interrupted, output pipe closed, terminated.
    """
