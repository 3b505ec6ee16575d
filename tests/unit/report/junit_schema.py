"""What Jenkins' xUnit plugin wants of JUnit's XML, written down from its ``junit-10.xsd``; this is not that file.

https://github.com/jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Rule(NamedTuple):
    """Which attributes an element needs and may have, which elements may be in it, and whether it has text."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    has_text: bool = False


_RESULT = Rule(optional=frozenset({"type", "message"}), has_text=True)
_OUTPUT = Rule(has_text=True)
ELEMENTS = {
    "testsuites": Rule(
        optional=frozenset({"name", "time", "tests", "failures", "errors"}), children=frozenset({"testsuite"})
    ),
    "testsuite": Rule(
        required=frozenset({"name", "tests", "failures", "errors"}),
        optional=frozenset(
            {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}
        ),
        children=frozenset({"testsuite", "properties", "testcase", "system-out", "system-err"}),
    ),
    "testcase": Rule(
        required=frozenset({"name"}),
        optional=frozenset({"time", "classname", "group"}),
        children=frozenset({"skipped", "error", "failure", "system-out", "system-err"}),
    ),
    "failure": _RESULT,
    "error": _RESULT,
    "skipped": _RESULT,
    "system-out": _OUTPUT,
    "system-err": _OUTPUT,
}
_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def check(element: Element) -> None:
    """Raise AssertionError for an element that the schema refuses."""
    rule = ELEMENTS[element.tag]
    assert rule.required <= element.attrib.keys() <= rule.required | rule.optional, element.attrib
    assert rule.has_text or not (element.text or "").strip(), element.text
    assert _TIME.fullmatch(element.get("time", "0"))
    for child in element:
        assert child.tag in rule.children, (element.tag, child.tag)
        assert not (child.tail or "").strip()
        check(child)
