"""Headless Chromium, looking at pages from disk; whatever it complains of fails the test. All of them are slow."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from bench.page import browser_program
from playwright.sync_api import sync_playwright

from akpatrol.report import render
from tests import reports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from akpatrol.model.report import Report

CHROMIUM = browser_program()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


class Open(Protocol):
    """Opens a report's page, in a browser of its own unless ``beside`` another page of the same one.

    ``form`` is the format: a page, or an index.
    """

    def __call__(
        self, report: Report, address: str = "", *, beside: Page | None = None, form: str = "html", **context: Any
    ) -> Page: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open pages; errors, warnings, refused content and requests for anything but the page are failures."""
    wrong: list[str] = []
    with ExitStack() as stack:

        def opened(
            report: Report, address: str = "", *, beside: Page | None = None, form: str = "html", **context: Any
        ) -> Page:
            file = tmp_path / "report.html"
            file.write_text(render(report, form, reports.options(report)), "utf-8")
            home = beside.context if beside else browser.new_context(**context)
            if not beside:
                stack.callback(home.close)
            home.set_default_timeout(60_000)  # milliseconds, after which what a test waits for will not come
            page = home.new_page()
            page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda asked: wrong.extend([asked.url] * (not asked.url.startswith(file.as_uri()))))
            page.goto(file.as_uri() + address)
            return page

        yield opened
    assert wrong == []
