"""Colour and width of the terminal, for the text format."""

from __future__ import annotations

from akpatrol.report.text_safety import columns

_LEAST_WIDTH = 40
_SEVERITY_COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "blue"}


class Style:
    """Wraps visible text in colours, or leaves it alone; ``width`` is in columns."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = max(width, _LEAST_WIDTH)
        self._colour = colour

    def columns(self, styled: str) -> int:
        """Return how many columns a styled text takes."""
        if not self._colour:
            return columns(styled)
        from click import unstyle  # noqa: PLC0415 - as below

        return columns(unstyle(styled))

    def bold(self, text: str) -> str:
        """Emphasize important text."""
        return self._styled(text, bold=True)

    def dim(self, text: str) -> str:
        """Dim what is rarely read."""
        return self._styled(text, dim=True)

    def path(self, text: str) -> str:
        """Mark a place."""
        return self._styled(text, fg="cyan")

    def action(self, text: str) -> str:
        """Mark what to do."""
        return self._styled(text, fg="green", bold=True)

    def severity(self, name: str) -> str:
        """Mark a severity, in capitals."""
        return self._styled(name.upper(), fg=_SEVERITY_COLOURS[name], bold=True)

    def status(self, word: str, *, is_live: bool) -> str:
        """Mark whether it is live, so that it cannot be overlooked."""
        return self._styled(word.upper(), fg="bright_red", bold=True, reverse=True) if is_live else self.bold(word)

    def verdict(self, text: str, *, has_findings: bool, complete: bool) -> str:
        """Mark the first line."""
        colour = "red" if has_findings else "green" if complete else "yellow"
        return self._styled(text, fg=colour, bold=True)

    def warning(self, text: str) -> str:
        """Mark a gap."""
        return self._styled(text, fg="yellow")

    def _styled(
        self,
        text: str,
        *,
        fg: str | None = None,
        bold: bool | None = None,
        dim: bool | None = None,
        reverse: bool = False,
    ) -> str:
        if not self._colour or not text:
            return text
        from click import style  # noqa: PLC0415 - a run without colour does not need it

        return style(text, fg=fg, bold=bold, dim=dim, reverse=reverse or None)
