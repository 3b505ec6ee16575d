"""Read betterleaks' ``filter`` and ``prefilter`` where they say no more than gitleaks' format can.

Such an expression (https://github.com/betterleaks/betterleaks, internal/exprruntime) is true for what is no finding.
Read are terms joined by ``||``: ``entropy`` against a number, and ``matchesAny`` and ``containsAny`` on the secret,
match, line or path.
"""

from __future__ import annotations

import json
import re
from math import inf, nextafter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import RuleError
from akpatrol.rules.gitleaks_file import check_allowlist
from akpatrol.rules.rule import Allowlist, LeftOut

if TYPE_CHECKING:
    from akpatrol.rules.gitleaks_file import RuleFile
    from akpatrol.rules.pattern_checks import PatternChecks

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<raw>`[^`]*`) | (?P<text>"(?:[^"\\]|\\.)*") | (?P<number>\d+(?:\.\d+)?)
      | (?P<path>get\(attributes,\s*"path",\s*""\) | \(?attributes\["path"\]\s*\?\?\s*""\)?)
      | (?P<target>finding\["(?:secret|match|line)"\])
      | (?P<name>(?:filter\.)?(?:entropy|matchesAny|containsAny)\()
      | (?P<sign>\|\||<=|<|[()\[\],])
    )\s*""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


class FilterError(ValueError):
    """An expression that says more."""


class Filter(NamedTuple):
    """What an expression says: a match of at most this ``entropy`` is no finding, nor one that a list covers."""

    entropy: float = 0.0
    allowlists: tuple[Allowlist, ...] = ()


def parse(expression: str) -> Filter:
    """Return what an expression says. Raises FilterError."""
    return _ExpressionParser(_COMMENT.sub("", expression)).whole()


def applied(file: RuleFile, left_out: list[LeftOut], checks: PatternChecks) -> RuleFile:
    """Return a file whose rules and allowlists say what its expressions say.

    A rule whose expression cannot be kept exactly is left out, and so is such an expression for all rules.
    """
    rules, shared = dict(file.rules), list(file.allowlists)
    for key, expression in file.file_filters.items():
        try:
            shared += _checked(expression, file.name, "", key, checks).allowlists
        except RuleError as error:
            left_out.append(LeftOut(file.name, "", key, error.reason))
    for rule_id, expression in file.filters.items():
        if not (rule := rules.get(rule_id)):
            continue
        try:
            found = _checked(expression, rule.file, rule_id, "filter", checks)
        except RuleError as error:
            left_out.append(LeftOut(rule.file, rule_id, "filter", error.reason, whole=True))
            del rules[rule_id]
        else:
            lists, entropy = (*rule.allowlists, *found.allowlists), max(rule.entropy, found.entropy)
            rules[rule_id] = rule._replace(allowlists=lists, entropy=entropy)
    return file._replace(rules=rules, allowlists=tuple(shared))


def _checked(expression: str, file: str, rule_id: str, key: str, checks: PatternChecks) -> Filter:
    """Return what an expression says. Raises RuleError."""
    try:
        found = parse(expression)
    except FilterError as error:
        raise RuleError(file, rule_id, key, str(error)) from None
    if found.entropy and not rule_id:
        raise RuleError(file, rule_id, key, "has an entropy for all rules")
    for allowlist in found.allowlists:
        check_allowlist(allowlist, file, rule_id, checks)
    return found


class _ExpressionParser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            token = _TOKEN.match(text, position)
            if not token or token.lastgroup is None:
                raise FilterError(_REFUSED)
            self._tokens.append((token.lastgroup, token[token.lastgroup]))
            position = token.end()
        self._place = 0
        self._entropy = 0.0
        self._allowlists: list[Allowlist] = []

    def whole(self) -> Filter:
        """Read all of the expression."""
        self._alternatives()
        if self._place < len(self._tokens):
            raise FilterError(_REFUSED)
        return Filter(self._entropy, tuple(self._allowlists))

    def _alternatives(self) -> None:
        self._term()
        while self._place < len(self._tokens) and self._tokens[self._place] == ("sign", "||"):
            self._place += 1
            self._term()

    def _term(self) -> None:
        kind, value = self._take()
        if (kind, value) == ("sign", "("):
            self._alternatives()
            self._sign(")")
        elif kind == "name":
            name = value.removeprefix("filter.").rstrip("(")
            self._entropy_term() if name == "entropy" else self._list_term(name)
        else:
            raise FilterError(_REFUSED)

    def _entropy_term(self) -> None:
        if self._take() != ("target", 'finding["secret"]'):
            raise FilterError(_REFUSED)
        self._sign(")")
        sign, number = self._take(), float(self._take("number")[1])
        if sign not in (("sign", "<="), ("sign", "<")):
            raise FilterError(_REFUSED)
        # gitleaks' own threshold is no finding either.
        self._entropy = max(self._entropy, number if sign[1] == "<=" else nextafter(number, -inf))

    def _list_term(self, name: str) -> None:
        kind, value = self._take()
        self._sign(",")
        self._sign("[")
        texts = self._texts()
        self._sign(")")
        target = value.removeprefix('finding["').removesuffix('"]')
        if kind == "path" and name == "matchesAny":
            self._allowlists.append(Allowlist(paths=texts))
        elif kind == "target" and name == "matchesAny":
            self._allowlists.append(Allowlist(regexes=texts, target=target))
        elif kind == "target" and target == "secret":
            # betterleaks looks for them in the secret in lower case.
            self._allowlists.append(Allowlist(stopwords=tuple(text for text in texts if text == text.lower())))
        else:
            raise FilterError(_REFUSED)

    def _texts(self) -> tuple[str, ...]:
        texts = []
        while True:
            kind, value = self._take()
            if kind == "raw":
                texts.append(value[1:-1])
            elif kind == "text":
                texts.append(_unquoted(value))
            elif (kind, value) == ("sign", "]"):
                return tuple(texts)
            elif (kind, value) != ("sign", ","):
                raise FilterError(_REFUSED)

    def _take(self, kind: str = "") -> tuple[str, str]:
        if self._place >= len(self._tokens) or (kind and self._tokens[self._place][0] != kind):
            raise FilterError(_REFUSED)
        self._place += 1
        return self._tokens[self._place - 1]

    def _sign(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise FilterError(_REFUSED)


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise FilterError(_REFUSED) from None


_REFUSED = "says more than an entropy and lists of patterns or words, joined by ||"
