"""Rule files of kingfisher: YAML, read by what they have in common with gitleaks' format."""

from __future__ import annotations

import pytest

from akpatrol.errors import RuleError
from akpatrol.model.scan import Confidence
from akpatrol.rules.kingfisher_file import read
from akpatrol.rules.pattern_checks import PatternChecks

_RULES = r"""
rules:
  - name: Acme key
    id: acme.1
    pattern: |
      (?xi)
      \b acme = (
        [0-9a-f]{20}
      )
    min_entropy: 3.5
    confidence: low
    references: [https://example.com]
    examples: [x]
    validation: {type: Http}
  - name: Acme id
    id: acme.2
    pattern: kid=[0-9]{4}
    visible: false
    depends_on_rule: [{rule_id: acme.1, variable: X}]
  - {name: a, id: acme.3, pattern: "[a[b]]"}
  - {name: a, id: acme.4, pattern: "a("}
  - {name: a, id: acme.5, pattern: a, pattern_requirements: {min_digits: 2}}
  - {name: a, id: acme.6, pattern: a, confidence: sure}
  - {name: a, pattern: a}
  - {name: a, id: acme.7, pattern: a, color: red}
"""


def test_rules() -> None:
    file = read(_RULES.encode(), "acme.yml", PatternChecks())
    assert list(file.rules) == ["acme.1", "acme.2", "acme.7"]
    first, second = file.rules["acme.1"], file.rules["acme.2"]
    assert (first.description, first.regex, first.entropy) == ("Acme key", r"(?i)\bacme=([0-9a-f]{20})", 3.5)
    assert (first.confidence, first.references, first.skip_report) == (Confidence.LOW, ("https://example.com",), False)
    assert (second.confidence, second.skip_report) == (Confidence.MEDIUM, True)
    assert [(entry.rule, entry.key, entry.whole) for entry in file.left_out] == [
        ("acme.3", "pattern", True),
        ("acme.4", "regex", True),
        ("acme.5", "pattern_requirements", True),
        ("acme.6", "confidence", True),
        ("number 7", "id", True),
        ("acme.7", "color", False),
        ("", "validation", False),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [", "not a YAML file"),
        (b"\xff\xfe\xff", "not a YAML file"),
        (b"", "must be a table"),
        (b"[1]", "must be a table"),
        (b"rules: 3", "rules"),
        (b"rules: []", "no rules"),
        (b"!!python/object/apply:os.system [x]", "not a YAML file"),
        (b"[" * 5000, "not a YAML file"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_that_is_wrong_as_a_whole(content: bytes, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        read(content, "acme.yml", PatternChecks())
