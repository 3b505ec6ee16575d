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
from akpatrol.report.overview import changed_words, unsearched_words, verdict
from akpatrol.report.text_safety import middle_out, visible
from akpatrol.report.wording import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import ReportView, TargetView

COVERAGE = "akpatrol.coverage"
"""The suite about the run, and the class of its cases."""
_TARGETS = "akpatrol.targets"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as XML, with secrets masked regardless of the options."""
    masked = options._replace(show_secrets=False)
    view = document.visible_view(document.build(report, masked))
    by_target: dict[str, list[PathFinding]] = defaultdict(list)
    for place in locations.in_order(report, view, Mask(masked).redact):
        by_target[place.occurrence_view["target"]].append(place)
    root = Element("testsuites", name="akpatrol", time=f"{report.duration:.3f}")
    for target in view["scan"]["targets"]:
        _suite(root, _target_name(target), _cases(by_target.pop(target["id"], []), view), view)
    # A report that another program made may name targets that it does not list.
    for name, places in by_target.items():
        _suite(root, name, _cases(places, view), view)
    _suite(root, COVERAGE, list(_coverage(view)), view, _words(view))
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


def _cases(places: list[PathFinding], view: ReportView) -> list[Element]:
    if places:
        return list(_failures(places))
    # A suite without cases is an error to some dashboards.
    if view["coverage"]["complete"]:
        return [_case(_TARGETS, "no findings")]
    return [_case(_TARGETS, "no findings", "skipped", verdict(view), "incomplete")]


def _failures(places: list[PathFinding]) -> Iterator[Element]:
    """Yield a case for each finding and path. Its name has no line, so that dashboards recognise it in the next run."""
    used = Counter[str]()
    for place in places:
        name = f"{title(place.view)} {place.view['redacted']} in {middle_out(visible(place.path), PATH_WIDTH)}"
        used[name] += 1
        name = f"{name} ({used[name]})" if used[name] > 1 else name
        rule = next(iter(place.view["rule_ids"]), "") or place.view["kind"]
        case = _case(rule, name, "failure", place.message, place.view["severity"])
        case[0].text = "\n".join([*place.view["remediation"]["steps"], place.view["fingerprint"]])
        yield case


def _coverage(view: ReportView) -> Iterator[Element]:
    complete = view["coverage"]["complete"]
    yield _case(COVERAGE, "complete", *(() if complete else ("error", verdict(view), "incomplete")))
    for skip in view["coverage"]["skipped"]:
        name = middle_out(skip["item"], PATH_WIDTH)
        if skip["accepted"] is None:
            yield _case(COVERAGE, name, "error", skip_message(skip), "not scanned")
        else:
            yield _case(COVERAGE, name, "skipped", skip_message(skip), "accepted")
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield _case(COVERAGE, "rules", "skipped", f"Rules {unsearched}.", "rules")


def _words(view: ReportView) -> str:
    left_out = changed_words(view["coverage"]["changed_files"])
    return "\n".join([f"{verdict(view)}.", *([f"{left_out}."] if left_out else []), *view["notices"]])
