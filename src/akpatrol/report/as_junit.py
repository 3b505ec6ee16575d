"""JUnit's XML, for the test results of Jenkins, GitLab and other dashboards: a suite for each target.

A finding is a failure. What could not be read is an error, so that no dashboard shows an incomplete scan as passed.
The elements and attributes are those that Jenkins' xUnit plugin accepts:
https://github.com/jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from akpatrol.report import document, locations
from akpatrol.report.mask import Mask
from akpatrol.report.messages import PATH_WIDTH, skip_message, title
from akpatrol.report.number_words import listed
from akpatrol.report.overview import changed_words, findings_of, unsearched_words, verdict
from akpatrol.report.place_view import targets_of
from akpatrol.report.text_safety import middle_out, visible
from akpatrol.report.wording import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import ReportView, SkipView, TargetView

COVERAGE = "akpatrol.coverage"
"""The suite about the run, and the class of its cases."""
_TARGETS = "akpatrol.targets"
SIZE_LIMIT = 10_000_000
"""Bytes. GitLab takes less than 30 MB (https://docs.gitlab.com/ci/testing/unit_test_reports) and 250,000 objects of XML
(https://gitlab.com/gitlab-org/gitlab/-/issues/507482)."""
_HEAD_ROOM = 100_000
"""Bytes for all that is neither a finding nor a skip nor a target."""
_SHARES = {"findings": 0.6, "skips": 0.2, "targets": 0.2}
# A case may need a suite of its own, with line breaks.
_SUITE_BYTES = 400
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as XML, with secrets masked regardless of the options."""
    masked = options._replace(show_secrets=False)
    view = document.build_visible(report, masked)
    every = locations.in_order(report, view, Mask(masked).redact)
    with_findings = {target for finding in findings_of(view) for target in targets_of(finding)}
    by_target: dict[str, list[Element]] = defaultdict(list)
    kept = _fitting(_failures(every), "findings")
    for place, case in zip(every, kept, strict=False):
        by_target[place.occurrence_view["target"]].append(case)
    root = Element("testsuites", name="akpatrol", time=f"{report.duration:.3f}")
    clean = [target for target in view["scan"]["targets"] if target["id"] not in with_findings]
    number = _number_fitting(map(_target_name, clean))
    shown = {target["id"] for target in clean[:number]}
    for target in view["scan"]["targets"]:
        if cases := by_target.pop(target["id"], []):
            _suite(root, _target_name(target), cases, view)
        elif target["id"] in shown:
            _suite(root, _target_name(target), [_without_findings(view)], view)
    # A report that another program made may name targets that it does not list.
    for name, cases in by_target.items():
        _suite(root, name, cases, view)
    skips = _fitting(map(_skip, view["coverage"]["skipped"]), "skips")
    left_out = _left_out(len(every) - len(kept), len(view["coverage"]["skipped"]) - len(skips), len(clean) - number)
    _suite(root, COVERAGE, list(_coverage(view, skips, left_out)), view, _words(view, left_out))
    totals = Counter[str]()
    for suite in root:
        totals.update({name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors")})
    root.attrib.update({name: str(number) for name, number in totals.items()})
    indent(root)
    return f"{_DECLARATION}\n{tostring(root, encoding='unicode')}\n"


def _target_name(target: TargetView) -> str:
    return middle_out(target["remote"] or target["path"] or target["id"], PATH_WIDTH)


def _suite(root: Element, name: str, cases: list[Element], view: ReportView, words: str = "") -> None:
    counted = Counter(_KINDS[result.tag] for case in cases for result in case)
    suite = SubElement(root, "testsuite", name=name, tests=str(len(cases)))
    suite.attrib.update({kind: str(counted[kind]) for kind in _KINDS.values()})
    if moment := parsed(view["scan"]["started_at"]):
        suite.set("timestamp", moment.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.extend(cases)
    if words:
        SubElement(suite, "system-out").text = words


def _case(of_class: str, name: str, result: str = "", message: str = "", kind: str = "") -> Element:
    """Return a case that passes, or that has a result."""
    case = Element("testcase", name=name, classname=of_class)
    if result:
        SubElement(case, result, message=message, type=kind)
    return case


def _fitting(cases: Iterable[Element], what: str) -> list[Element]:
    """Return the first cases that fit into the room for them."""
    room, fitted = _SHARES[what] * (SIZE_LIMIT - _HEAD_ROOM), []
    for case in cases:
        room -= len(tostring(case)) + _SUITE_BYTES
        if room < 0:
            break
        fitted.append(case)
    return fitted


def _number_fitting(names: Iterable[str]) -> int:
    """Return how many targets without findings fit into the room for them."""
    return len(_fitting((_case(_TARGETS, name) for name in names), "targets"))


def _left_out(places: int, skips: int, targets: int) -> str:
    """Return what is not in the file, "" if everything is."""
    numbers = ((places, "place"), (skips, "item that could not be scanned"), (targets, "target without findings"))
    nouns = [(number, noun if number == 1 else _plural(noun)) for number, noun in numbers if number]
    return f"Not in this file: {listed([f'{number:,} more {noun}' for number, noun in nouns])}" if nouns else ""


def _plural(noun: str) -> str:
    first, _, rest = noun.partition(" ")
    return f"{first}s {rest}".strip()


def _without_findings(view: ReportView) -> Element:
    """Return the case of a target without findings: a suite without cases is an error to some dashboards."""
    if view["coverage"]["complete"]:
        return _case(_TARGETS, "no findings")
    return _case(_TARGETS, "no findings", "skipped", verdict(view), "incomplete")


def _failures(places: Iterable[PathFinding]) -> Iterator[Element]:
    """Yield a case for each finding and path. Its name has no line, so that dashboards recognise it in the next run."""
    used = Counter[str]()
    for place in places:
        name = f"{title(place.view)} {place.view['redacted']} in {middle_out(visible(place.path), PATH_WIDTH)}"
        of_target = f"{place.occurrence_view['target']} {name}"
        used[of_target] += 1
        name = f"{name} ({used[of_target]})" if used[of_target] > 1 else name
        rule = next(iter(place.view["rule_ids"]), "") or place.view["kind"]
        case = _case(rule, name, "failure", place.message, place.view["severity"])
        case[0].text = "\n".join([*place.view["remediation"]["steps"], place.view["fingerprint"]])
        yield case


def _coverage(view: ReportView, skips: list[Element], left_out: str) -> Iterator[Element]:
    complete = view["coverage"]["complete"]
    yield _case(COVERAGE, "complete", *(() if complete else ("error", verdict(view), "incomplete")))
    yield from skips
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield _case(COVERAGE, "rules", "skipped", f"Rules {unsearched}.", "rules")
    if left_out:
        yield _case(COVERAGE, "left out", "skipped", f"{left_out}.", "size")


def _skip(skip: SkipView) -> Element:
    name = middle_out(skip["item"], PATH_WIDTH)
    if skip["accepted"] is None:
        return _case(COVERAGE, name, "error", skip_message(skip), "not scanned")
    return _case(COVERAGE, name, "skipped", skip_message(skip), "accepted")


def _words(view: ReportView, left_out: str) -> str:
    changed = changed_words(view["coverage"]["changed_files"])
    return "\n".join([f"{verdict(view)}.", *(f"{words}." for words in (left_out, changed) if words), *view["notices"]])
