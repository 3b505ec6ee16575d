"""Measures the HTML page of a large sweep: its size, and how long a browser takes to load, filter and sort it.

    python -m bench.page [--credentials N] [--places N] [--rounds N] [--save DIR]

The report is made up, from a seed: texts repeat as they do in repositories, lines of code do not. Needs Chromium on
PATH, which runs headless. A filter's time is from the event to the frame that shows it, without the pause that a
search waits for the next letter. Medians in seconds; --save DIR keeps the raw runs. Exits 2 without Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from tests import reports
from tests.credentials import random_text

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Secret, State
from akpatrol.report import render
from bench import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

    from akpatrol.model.credential import Commit, Credential, Occurrence
    from akpatrol.model.report import Report

_REPOSITORIES, _AUTHORS, _PATHS, _COMMITS = 200, 300, 4000, 20_000
_ACTIONS = {
    "filter by status": ("status", "active"),
    "filter by repository": ("repository", None),
    "filter by author": ("author", None),
    "filter by path": ("path", "*/config*.py"),
    "search": ("q", "author12"),
    "search two words": ("q", "author1 config"),
    "search for nothing": ("q", ""),
}
_FILTER = """async ([name, value]) => {
  const field = document.forms.filters.elements[name];
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  for (const each of document.forms.filters.elements) if (each !== field) each.value = "";
  document.getElementById("reset").click();
  await drawn();
  field.value = value ?? field.options[1].value;
  const start = performance.now();
  let pause = 0;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (field.type === "search") {
    await new Promise((done) => setTimeout(done, 120));
    pause = 120;
  }
  await drawn();
  return [(performance.now() - start - pause) / 1000, !document.getElementById("reset").hidden];
}"""
CLICK = """async (selector) => {
  const start = performance.now();
  document.querySelector(selector).click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - start) / 1000;
}"""


def browser_program() -> str | None:
    """Return the path of a Chromium; of the one without windows, where both are there, which takes half the time."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    options = _options()
    chromium = browser_program()
    if chromium is None:
        print("chromium is not on PATH")
        return 2
    report = _report(Random(options.seed), options.credentials, options.places)
    start = perf_counter()
    text = render(report, "html", reports.options(redact=str, now=reports.NOW))
    rendered = perf_counter() - start
    with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory, sync_playwright() as playwright:
        file = Path(directory, "report.html")
        file.write_text(text, "utf-8")
        browser = playwright.chromium.launch(executable_path=chromium)
        runs = [_look(browser, file) for _ in range(options.rounds)]
        row = {
            "target": f"{options.credentials} credentials, {options.places} places",
            "rounds": options.rounds,
            "browser": browser.version,
            "bytes": file.stat().st_size,
            "rendering_seconds": round(rendered, 3),
            "seconds": {name: [round(run[name], 3) for run in runs] for name in runs[0]},
        }
        browser.close()
    _tell(row)
    if options.save:
        record.save(options.save, "page", [row])
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--credentials", type=int, default=1000)
    parser.add_argument("--places", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, metavar="DIR")
    return parser.parse_args()


def _look(browser: Browser, file: Path) -> dict[str, float]:
    """Return how long each thing takes in a fresh browser window."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    start = perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector("html.ready")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    found = {"load": perf_counter() - start}
    for name, (field, value) in _ACTIONS.items():
        found[name] = _filtered(page, field, value)
    found["sort by places"] = page.evaluate(CLICK, "[data-sort=places]")
    found["open a credential"] = page.evaluate(CLICK, "#rows tr:not([hidden]) a")
    if page.locator(".credential.chosen .more").count():
        found["show more places"] = page.evaluate(CLICK, ".credential.chosen .more")
    page.close()
    return found


def _filtered(page: Page, field: str, value: str | None) -> float:
    seconds, is_filtered = page.evaluate(_FILTER, [field, value])
    if is_filtered != (value != ""):
        raise SystemExit(f"{field}: nothing was filtered")
    return float(seconds)


def _tell(row: dict[str, Any]) -> None:
    print(f"{row['target']}: {row['bytes'] / 1e6:.1f} MB, made in {row['rendering_seconds']:.1f} s")
    for name, seconds in row["seconds"].items():
        print(f"{name:24}{statistics.median(seconds):8.3f} s")


def _report(random: Random, number: int, places: int) -> Report:
    """Return a sweep's report; a few credentials have many of the places, as it is in life."""
    commits = [_commit(random) for _ in range(_COMMITS)]
    weights = [1 / rank for rank in range(1, number + 1)]
    extra = random.choices(range(number), weights, k=max(0, places - number))
    counts = [1] * number
    for index in extra:
        counts[index] += 1
    targets = tuple(
        reports.target(
            id=f"t{index}", root=f"/srv/repository{index}", remote=f"git@github.com:acme/repository{index}.git"
        )
        for index in range(_REPOSITORIES)
    )
    credentials = (_credential(random, index, count, commits) for index, count in enumerate(counts))
    return reports.report(*credentials, targets=targets, command="sweep")


def _commit(random: Random) -> Commit:
    date = reports.NOW - timedelta(minutes=random.randrange(2_000_000))
    author = f"Author{random.randrange(_AUTHORS)} <author{random.randrange(_AUTHORS)}@example.org>"
    summary = f"Change {random_text(random, 'lower', 12)}"
    return reports.commit(random, f"{date:%Y-%m-%dT%H:%M:%SZ}", author=author, summary=summary)


def _credential(random: Random, index: int, places: int, commits: Sequence[Commit]) -> Credential:
    key = reports.organization_key(random) if index % 5 else reports.personal_access_token(random)
    found = [_place(random, key, commits) for _ in range(places)]
    if index % 4 == 0:
        return reports.live(key, *found)
    if index % 4 == 1:
        return reports.credential(key, *found, verification=reports.verification(VerificationStatus.INACTIVE))
    return reports.credential(key, *found)


def _place(random: Random, key: str, commits: Sequence[Commit]) -> Occurrence:
    number = random.randrange(_PATHS)
    path = f"services/team{number % 40}/config{number}.{random.choice(['py', 'yaml', 'env'])}".encode()
    state = random.choice([State.PRESENT, State.REMOVED])
    return reports.occurrence(
        key,
        target=f"t{random.randrange(_REPOSITORIES)}",
        path=path,
        paths=(path,),
        line=random.randrange(1, 2000),
        object=random.randbytes(20).hex(),
        state=state,
        introduced=random.choice(commits),
        removed=random.choice(commits) if state is State.REMOVED else None,
        refs=("refs/heads/main", "refs/remotes/origin/main"),
        context=(
            f"{random_text(random, 'lower', 30)} = '",
            Secret(key.encode()),
            f"'  # {random_text(random, 'lower', 30)}",
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
