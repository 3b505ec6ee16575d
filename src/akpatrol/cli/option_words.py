"""The words of a command line that are options, as click reads them."""

from __future__ import annotations

import click


class OptionWords:
    """The options among the words of a command line, and how many words each takes."""

    def __init__(self, command: click.Command, context: click.Context) -> None:
        self._options = {
            name: parameter
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option)
            for name in (*parameter.opts, *parameter.secondary_opts)
        }

    def width(self, word: str) -> int:
        """Return how many words the option at this word takes, its value included; 0 for no option."""
        if not looks_like_option(word):
            return 0
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            option = self._options.get(name)
            return 0 if not option or (equals and not _valued(option)) else 1 + (_valued(option) and not equals)
        for index, letter in enumerate(word[1:], 2):
            option = self._options.get("-" + letter)
            if not option:
                return 0
            if _valued(option):
                return 1 + (index == len(word))
        return 1

    def name(self, word: str) -> str | None:
        """Return the parameter that a word sets; for a cluster, the first."""
        option = self._options.get(word.partition("=")[0]) or self._options.get("-" + word[1:2])
        return option.name if option else None

    def values(self, words: list[str], parameter: str) -> list[str]:
        """Return the values that a parameter may be given."""
        words_given = []
        for place, word in enumerate(words):
            if self.width(word) and self.name(word) == parameter:
                attached = word.partition("=")[2] if word.startswith("--") else word[2:]
                words_given += [attached] if attached else words[place + 1 : place + 2]
        return words_given


def looks_like_option(word: str) -> bool:
    """Return whether click would read a word as an option, or reject it as one."""
    return word.startswith("-") and word != "-"


def _valued(option: click.Option) -> bool:
    return not option.is_flag and not option.count
