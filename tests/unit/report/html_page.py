"""The page of a report as a browser takes it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.report import render
from tests import reports

if TYPE_CHECKING:
    from akpatrol.model.report import Report

KEY = reports.organization_key(reports.seeded(41))
VOID = {"meta", "input", "br", "link", "wbr"}
NEEDS_NO_ESCAPE = {"script", "style"}


class Page(HTMLParser):
    """What a browser would see: every element with its attributes, the texts, and whether the elements nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.parts: dict[str, list[str]] = {name: [] for name in NEEDS_NO_ESCAPE}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in NEEDS_NO_ESCAPE:
            self.parts[self._open[-1]].append(data)
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data!r}")

    @property
    def said(self) -> str:
        """The texts, with single spaces."""
        return " ".join("".join(self.texts).split())


def html(report: Report, **changes: Any) -> str:
    return render(report, "html", reports.options(report, **changes))


def look(report: Report, **changes: Any) -> Page:
    return Page(html(report, **changes))


def data(text: str) -> dict[str, Any]:
    (block,) = (part for part in Page(text).parts["script"] if part.startswith("{"))
    found: dict[str, Any] = json.loads(block)
    return found
