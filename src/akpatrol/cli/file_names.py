"""File arguments of a hook, which the caller appends without `--`: a word that names a file is a file.

pre-commit runs `entry`, then the user's `args`, then names, which all exist: https://pre-commit.com/#arguments-pattern-in-hooks
So options come first. If a later word names nothing, a word is an option, even if a file has its name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from akpatrol.cli.option_words import OptionWords, looks_like_option
from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.sources.git import hook_repository, index_file
from akpatrol.sources.git.runner import LITERALLY, Git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Without these a run may find less, or call less a finding.
_TIGHTENING = {"baseline", "config", "fail_on_stale", "min_confidence", "no_allow", "rules", "verify"}
_REMEDY = "end the options with --, in pre-commit's configuration as the last of the args"


class FilesCommand(click.Command):
    """A command whose last arguments are files that a hook names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Separate options from files before click does. Raises UsageError for a word that may be either."""
        if not ctx.resilient_parsing:
            options = OptionWords(self, ctx)
            start = self.first_file(args, options, _Names(args, options.values(args, "directory")))
            if start < len(args):
                args = [*args[:start], "--", *args[start:]]
        return super().parse_args(ctx, args)

    def first_file(self, words: list[str], options: OptionWords, names: _Names) -> int:
        """Return where the files begin, the number of words when click may read all of them."""
        place = 0
        while place < len(words):
            word = words[place]
            if not looks_like_option(word) or (word == "--" and names.on_disk(word)):
                return place
            if word == "--":
                return len(words)
            width = options.width(word)
            if not names.closed(place) and names.known(word) and not _is_option(words, place, options, names):
                return place
            if not width:
                return len(words)  # click says that there is no such option
            place += width
        return len(words)


class OneFileCommand(FilesCommand):
    """A command with one file, which a hook names last."""

    def first_file(self, words: list[str], options: OptionWords, names: _Names) -> int:
        """Return where the file is when it looks like an option, else the number of words."""
        place = 0
        while place < len(words) - 1:
            if words[place] == "--":
                return len(words)
            place += options.width(words[place]) or 1
        last = words[place : place + 1]
        return place if last and looks_like_option(last[0]) and names.on_disk(last[0]) else len(words)


def _is_option(words: list[str], place: int, options: OptionWords, names: _Names) -> bool:
    """Return whether a word is an option even though it names a file. Raises UsageError.

    A file that is taken for an option could let a leak pass. So could a lost option that tightens the check: it is
    refused in what looks like a commit that does not touch the file. Other options can be lost without harm.
    """
    word, width = words[place], options.width(words[place])
    if not width:
        return False
    if not all(names.known(other) for other in words[place + 1 :]):
        return True
    if options.name(word) in _TIGHTENING and names.is_left_alone(word, words[place + width :]):
        raise UsageError(f"{word} is an option, but also the name of a file here", hint=_REMEDY)
    click.echo(f"akpatrol: {word} is taken for the file of that name, not for the option; {_REMEDY}", err=True)
    return False


class _Names:
    """The files that words of a command line name: on disk, in the index, or removed from it by this commit.

    They are relative to the current directory, or to one of ``directories``, to which the command will change.
    """

    def __init__(self, words: Sequence[str], directories: Sequence[str]) -> None:
        self._words = words
        self._directories = (os.curdir, *directories)
        self._in_git: set[str] | None = None

    def closed(self, place: int) -> bool:
        """Return whether a `--` that names no file follows: the words before it are options."""
        return "--" in self._words[place:] and not self.on_disk("--")

    def on_disk(self, word: str) -> bool:
        """Return whether a word names something on disk."""
        return bool(word) and any(os.path.lexists(os.path.join(base, word)) for base in self._directories)

    def known(self, word: str) -> bool:
        """Return whether a word names anything."""
        if self.on_disk(word):
            return True
        if self._in_git is None:
            unknown = [name for name in dict.fromkeys(self._words) if name and not self.on_disk(name)]
            in_index = self._listed(unknown, "ls-files", "-z", "--full-name") or set()
            # Before the first commit there is no HEAD.
            in_head = self._listed(unknown, "ls-tree", "-z", "--name-only", "--full-tree", "HEAD") or set()
            self._in_git = in_index | in_head
        return word in self._in_git

    def is_left_alone(self, word: str, others: Sequence[str]) -> bool:
        """Return whether a word's file is as in HEAD while all others differ, or there are none."""
        changed = self._listed([word, *others], "diff-index", "--cached", "--name-only", "-z", "HEAD")
        return changed is not None and word not in changed and changed.issuperset(others)

    def _listed(self, words: Sequence[str], *command: str) -> set[str] | None:
        """Return the words that git lists, and those below which it lists something; None when it cannot."""
        try:
            repo, hook = hook_repository.find()
            top = os.path.realpath(repo.root)
            if not (paths := dict(self._from_top(words, top))):
                return set()
            git = Git(repo, hook)
            index_file.refuse_special(git)
            listed = git.run(LITERALLY, *command, "--", *paths, cwd=top)
        except (AkpatrolError, OSError):
            return None  # the run itself reports the problem
        names = {part for path in listed.split(b"\0") if path for part in _ways(path)}
        return {word for path, word in paths.items() if path in names}

    def _from_top(self, words: Sequence[str], top: bytes) -> Iterator[tuple[bytes, str]]:
        for base in self._directories:
            start = os.path.relpath(os.path.realpath(os.fsencode(base)), top)
            for word in words:
                path = os.path.normpath(os.path.join(start, os.fsencode(word)))
                if not path.startswith((b"/", b"..")):
                    yield path, word


def _ways(path: bytes) -> Iterator[bytes]:
    """Yield a path and the directories above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]
