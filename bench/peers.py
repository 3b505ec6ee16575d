"""Times akpatrol against its peers, with the same two rules on the same input, and prints medians and ratios.

    python -m bench.peers history requests=REPOSITORY pip=REPOSITORY...
    python -m bench.peers scan stdlib=DIRECTORY...
    python -m bench.peers memory versions large objects...       akpatrol alone, in repositories made for it

Works on a copy of the input, of hard links where possible, in which credentials were planted; in a repository some are
in the history only. All programs run once to warm the cache and then take turns; what akpatrol remembers to have read
is removed each time, what it compiled is not. A ratio is a program's time to akpatrol's at the same work, which for
kingfisher's --turbo is without decoding and containers. Who misses a plant is marked !, and the time of who stopped
early does not count: so the repository must be complete. Memory is summed over a program's processes: all, and its own
without files mapped into it, which many processes share. --peers is an environment with peers installed, and may be
repeated, because two of them install one name (default: those on PATH); who is not there, or is another version, is
left out. --save DIR keeps the raw runs. Nothing is downloaded. Exits 1 when akpatrol missed a plant, 2 when it failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bench import large, plants, process, record, table, tools

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_MB = {"history": 300, "scan": 300, "memory": 600}
_STOPPED = "fatal:"  # git's, which some pass on while they exit 0


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    options = _options()
    found = list(tools.installed(options.kind, options.akpatrol, options.peers))
    for tool, there in found:
        if not there:
            print(f"{tool.name} is not installed: left out")
    present = [there for tool, there in found if there and tool.name not in options.skip]
    asked = {each.tool.name: each.tool.asked[options.kind] for each in present if options.kind in each.tool.asked}
    like = {each.tool.name: each.tool.like for each in present}
    rows = []
    for named in options.targets:
        name, _, path = named.partition("=")
        with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory:
            source = Path(path) if path else large.build(name, Path(directory, "made"))
            rows.append(_measure(options, name, source, Path(directory), present))
        if rows[-1]["runs"]["akpatrol"]["stopped"]:
            return 2
        print(*table.lines(rows[-1], asked, like, _MOST_MB[options.kind]), sep="\n", flush=True)
        if options.save:
            record.save(options.save, f"peers-{options.kind}", rows[-1:])
    return 1 if any(row["runs"]["akpatrol"]["found"] < row["planted"] for row in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["history", "scan", "memory"])
    parser.add_argument("targets", nargs="+", metavar="NAME=PATH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the planted credentials")
    parser.add_argument("--peers", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--akpatrol", type=Path, default=Path(sys.executable).with_name("akpatrol"))
    parser.add_argument("--skip", action="append", default=[], metavar="TOOL")
    parser.add_argument("--save", type=Path, metavar="DIR")
    return parser.parse_args()


def _measure(
    options: argparse.Namespace, name: str, source: Path, directory: Path, present: Iterable[tools.Installed]
) -> dict[str, Any]:
    """Return the row of one input: what every program took and found."""
    secrets = plants.make(Random(options.seed))
    (plants.tree if options.kind == "scan" else plants.repository)(source, directory / "copy", secrets)
    row = {"target": name, "rounds": options.rounds, "planted": len(secrets), "runs": {}}
    for each in present:
        row["runs"][each.tool.name] = {
            "version": each.version(),
            "seconds": [],
            "resident_kb": [],
            "private_kb": [],
            "codes": [],
            "found": len(secrets) if each.tool.finds else None,
            "stopped": False,
        }
    first = 0 if options.kind == "memory" else 1  # the round before warms the cache
    for number in range(options.rounds + first):
        for each in present:
            runs = row["runs"][each.tool.name]
            if not runs["stopped"]:
                _once(each, directory, secrets, runs, timed=number >= first)
    return row


def _once(each: tools.Installed, directory: Path, secrets: list[str], runs: dict[str, Any], *, timed: bool) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as reports:
        report, output = Path(reports, "report.json"), Path(reports, "output")
        command = each.command(directory / "copy", report)
        listened = output if each.tool.finds else None
        run = process.run(command, cwd=Path(reports), output=listened, cache=directory / "cache")
        if run.code not in each.tool.codes or _STOPPED in run.errors:
            runs["stopped"] = True
            print(f"{each.tool.name} stopped early, exit code {run.code}: {' '.join(run.errors.split()[-20:])}")
        if each.tool.finds:
            text = "".join(path.read_text(errors="replace") for path in (report, output) if path.exists())
            reported = tools.strings(text)
            found = sum(not reported.isdisjoint(plants.digests(secret)) for secret in secrets)
            runs["found"] = min(runs["found"], found)
    if timed:
        for what, value in zip(("seconds", "resident_kb", "private_kb", "codes"), run, strict=False):
            runs[what].append(value)


if __name__ == "__main__":
    sys.exit(main())
