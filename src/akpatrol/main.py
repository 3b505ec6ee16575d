"""The outermost function: it alone turns every outcome into an exit code, those of imports and signals included."""

from __future__ import annotations

import errno
import gc
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

from akpatrol import __version__
from akpatrol.errors import AkpatrolError, ExitCode, Terminated, UsageError
from akpatrol.kinds import PREFIXES
from akpatrol.runtime import abrupt_end, collection, interrupts

if TYPE_CHECKING:
    from types import TracebackType

    import click

VERSION = f"akpatrol, version {__version__}"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_COMPLETION = "_AKPATROL_COMPLETE"
_ISSUES = "https://github.com/akpatrol/akpatrol/issues"
# A message may repeat an argument or a path. Masking too much does no harm here.
_SHAPED = rf"({PREFIXES})[A-Za-z0-9._~+/=-]{{8,}}"


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code; only the report goes to standard output."""
    try:
        return outermost(arguments)
    finally:
        interrupts.restore()


def outermost(arguments: list[str]) -> int:
    """Run the command line as the program does: when this returns, no signal raises anything any more."""
    try:
        interrupts.install()
        code = _failed(arguments)
        interrupts.close()
    except (KeyboardInterrupt, Terminated) as signalled:
        interrupts.close()
        return _ended(signalled)
    return code


def _failed(arguments: list[str]) -> int:
    """Return the exit code, whether something fails or not."""
    try:
        code = _run(arguments)
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return ExitCode.READER_GONE
    except AkpatrolError as error:
        _say(str(error), error.hint if isinstance(error, UsageError) else "")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever is left is a bug, and its text may hold a secret
        # Before Python 3.12, a signal during the creation of a class is wrapped in a RuntimeError.
        cause = error.__cause__
        return _ended(cause) if isinstance(cause, (KeyboardInterrupt, Terminated)) else _unexpected(error)
    return code


def _run(arguments: list[str]) -> int:
    from akpatrol.cli import plain  # noqa: PLC0415 - inside, so that a failing import has an exit code too
    from akpatrol.config.environment import environment  # noqa: PLC0415

    wanted = environment().get(_COMPLETION)
    if not wanted and arguments == ["--version"]:
        print(VERSION)  # noqa: T201 - as click does, in a quarter of the time
        return ExitCode.CLEAN
    if not wanted and (run := plain.runner(arguments)):
        _collect_garbage()
        return run()
    return _run_with_click(arguments, wanted)


def _run_with_click(arguments: list[str], wanted: str | None) -> int:
    """Run the command line; ``wanted`` is what a shell asks for to complete it, if it does."""
    import click  # noqa: PLC0415 - a hook does without

    from akpatrol.cli.group import cli  # noqa: PLC0415

    if wanted:
        from click.shell_completion import shell_complete  # noqa: PLC0415 - a shell asks what could come next

        return shell_complete(cli, {}, "akpatrol", _COMPLETION, wanted)
    try:
        # click's own main() exits 1 for aborts, crashes and closed pipes, whatever its settings:
        # https://click.palletsprojects.com/en/stable/exceptions/
        with cli.make_context("akpatrol", arguments) as context:
            _collect_garbage()
            return int(cli.invoke(context) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return ExitCode.USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "akpatrol"
        _say(*_explained(error), f"see {path} --help")
        return ExitCode.USAGE
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        _say(error.format_message())
        return ExitCode.USAGE


def _collect_garbage() -> None:
    """Collect garbage from now on, in a process of its own."""
    if not gc.isenabled():
        collection.collect_seldom()


def _explained(error: click.UsageError) -> tuple[str, ...]:
    """Return what is wrong with a command line, and what was probably meant."""
    from click import NoSuchOption  # noqa: PLC0415 - click is imported by now

    if isinstance(error, NoSuchOption):
        from akpatrol.cli import guesses  # noqa: PLC0415 - only for a mistake

        known = {flag for param in (error.ctx.command.params if error.ctx else ()) for flag in param.opts}
        if guess := guesses.option(error.option_name, known):
            return f"{error.option_name}: no such option", f"use {guess}"
    return (error.format_message(),)


def _ended(signalled: KeyboardInterrupt | Terminated) -> ExitCode:
    is_terminated = isinstance(signalled, Terminated)
    _say(abrupt_end.message(signal.SIGTERM if is_terminated else signal.SIGINT))
    return ExitCode.TERMINATED if is_terminated else ExitCode.INTERRUPTED


def _unexpected(error: Exception) -> ExitCode:
    if isinstance(error, OSError) and error.errno in _FULL:
        _discard_output()
        _say(f"cannot write standard output: {error.strerror}", "free space, or write the report to a file")
        return ExitCode.USAGE
    where = _where(error.__traceback__)
    _say(f"this is a bug in akpatrol: {type(error).__name__} at {where}", f"report it: {_ISSUES}")
    return ExitCode.BUG


def _say(message: str, *hints: str) -> None:
    """Write to standard error, with control characters visible and anything like a credential masked."""
    lines = [f"akpatrol: {message}", *(f"  {hint}" for hint in hints if hint)]
    try:
        if sys.stderr:  # None when it was closed before the start; print() would take standard output instead
            print("\n".join(map(_safe, lines)), file=sys.stderr)  # noqa: T201 - the one place
    except OSError:
        pass  # nobody is left to read it; the exit code still reports it


def _safe(line: str) -> str:
    masked = re.sub(_SHAPED, r"\1***", line)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in masked)


def _where(traceback: TracebackType | None) -> str:
    """Return the innermost places, by file and line; never a message or a local variable."""
    places = []
    while traceback:
        code = traceback.tb_frame.f_code
        places.append(f"{os.path.basename(code.co_filename)}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return " < ".join(reversed(places[-4:]))


def _discard_output() -> None:
    """Discard the interpreter's last flush, which would fail."""
    if sys.stdout:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError:  # there is no such device
            from tempfile import TemporaryFile  # noqa: PLC0415 - hardly ever

            with TemporaryFile() as file:
                os.dup2(file.fileno(), sys.stdout.fileno())
