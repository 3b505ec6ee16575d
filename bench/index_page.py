"""Measures the index of a large organization: how long it takes to make from a store, to open, filter and sort.

    python -m bench.index_page [--repositories N] [--runs N] [--rounds N] [--save DIR]

The store is made up, from a seed: a quarter of the repositories hold credentials, and from run to run few change. The
page is made by ``akpatrol report`` as a process, whose memory is measured. Needs Chromium on PATH, which runs headless;
opening is from the request to the frame that shows the list. Medians in seconds; --save DIR keeps the raw runs. Exits 2
without Chromium.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from tests import swept_stores

from bench import process, record
from bench.page import CLICK, browser_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FILTERS = {
    "filter by credentials": ("has", "open"),
    "filter by coverage": ("looked", "skips"),
    "filter by owner": ("owner", None),
    "rows by owner": ("by", "owner"),
    "search": ("q", "service-77"),
    "search two words": ("q", "team-3 ak_"),
}
_FILTER = """async ([name, value]) => {
  const field = document.forms.filters.elements[name];
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  document.getElementById("reset").click();
  await drawn();
  field.value = value ?? field.options[1].value;
  const start = performance.now();
  const pause = field.type === "search" ? 120 : 0;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (pause) await new Promise((done) => setTimeout(done, pause));
  await drawn();
  if (document.getElementById("reset").hidden) throw new Error(`${name}: nothing was filtered`);
  return (performance.now() - start - pause) / 1000;
}"""


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    options = _options()
    chromium = browser_program()
    if chromium is None:
        print("chromium is not on PATH")
        return 2
    with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory, sync_playwright() as playwright:
        store, file = Path(directory, "s.sqlite3"), Path(directory, "index.html")
        swept_stores.fill(store, Random(options.seed), options.repositories, options.runs)
        command = [sys.executable, "-m", "akpatrol", "report", str(store), "-f", "index", "-o", str(file)]
        made = [process.run(command) for _ in range(options.rounds)]
        if any(run.code != 1 for run in made):  # there are findings
            raise SystemExit(made[0].errors)
        browser = playwright.chromium.launch(executable_path=chromium)
        runs = [_look(browser, file) for _ in range(options.rounds)]
        row = {
            "target": f"{options.repositories} repositories, {options.runs} runs",
            "rounds": options.rounds,
            "browser": browser.version,
            "bytes": file.stat().st_size,
            "store_bytes": store.stat().st_size,
            "making_seconds": [round(run.seconds, 3) for run in made],
            "making_resident_kb": [run.resident for run in made],
            "seconds": {name: [round(run[name], 3) for run in runs] for name in runs[0]},
        }
        browser.close()
    _tell(row)
    if options.save:
        record.save(options.save, "index", [row])
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=12)
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
    found = {"open": perf_counter() - start}
    for name, asked in _FILTERS.items():
        found[name] = float(page.evaluate(_FILTER, list(asked)))
    page.evaluate(CLICK, "#reset")
    found["sort by name"] = float(page.evaluate(CLICK, "[data-sort=name]"))
    if page.locator("#further:not([hidden])").count():
        found["show more"] = float(page.evaluate(CLICK, "#further button"))
    page.close()
    return found


def _tell(row: dict[str, Any]) -> None:
    seconds, memory = statistics.median(row["making_seconds"]), max(row["making_resident_kb"]) / 1000
    print(f"{row['target']}: {row['bytes'] / 1e6:.1f} MB, made in {seconds:.1f} s with {memory:.0f} MB of memory")
    for name, found in row["seconds"].items():
        print(f"{name:24}{statistics.median(found):8.3f} s")


if __name__ == "__main__":
    raise SystemExit(main())
