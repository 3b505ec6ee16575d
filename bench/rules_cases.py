"""Make rule files in gitleaks' format, and trees of files for them, from a seed: every feature, in every mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_WORDS = ("acme", "zeta", "token", "key", "auth", "Secret", "ÜBER", "kilo", "über", "sk")
_ALPHABETS = {
    "[a-z]": "abcdefghijklmnopqrstuvwxyz",
    "[0-9a-f]": "0123456789abcdef",
    "[A-Z2-7]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    r"[\w-]": "abcXYZ019_-",
    r"\w": "abcXYZ019_",
    r"\d": "0123456789",
    "[^\\s\"']": "abcXYZ019.+/é世",
    ".": "abc XYZ019é世",
    r"[a-zé\x{4e16}]": "abcé世",
    r"\pL": "abcéß世",
    r"[^\d\n]": "abcé -",
    r"[[:alnum:]]": "abcXYZ019",
    r"\S": "abcXYZ019.é",
}
_REPEATS = ("{4}", "{8,12}", "{6,}", "+", "{3,9}?", "+?", "{16}", "{1,30}")
_PATHS = (
    *("a.txt", "src/b.py", "src/deep/c.env", "docs/notes.md", "tests/fixture.json", "x y.cfg", "ünï/d.txt"),
    *("Makefile", "secrets/id_rsa.pem", "config.PEM", "src/a.txt", "w.js", "e.yaml", "vendor/lib/z.go"),
)
_PATH_PATTERNS = (
    *(r"\.txt$", r"^src/", r"(?i)\.pem$", r"(^|/)tests/", r"\.(py|env|js)$", r"docs", r"src/[^/]+\.\w+$", r"ü"),
    r"a\.txt",
)
EXTENDED = "base.toml"
_FILES = range(10, 22)
_LONG = 12_000


class Sampled(NamedTuple):
    """A pattern and a text that it matches, unless assertions around it do not hold."""

    pattern: str
    text: str


class RuleCase(NamedTuple):
    """The files of a case: rule files by name, the first of which is given, and a tree's by path."""

    rule_files: dict[str, str]
    tree: dict[str, bytes]

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write them below a directory; return the rule file to give, and the tree."""
        for name, text in self.rule_files.items():
            (directory / name).write_text(text.replace(EXTENDED, str(directory / EXTENDED)))
        for path, data in self.tree.items():
            file = directory / "tree" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return directory / next(iter(self.rule_files)), directory / "tree"


def case(rng: Random, commits: tuple[str, ...] = ()) -> RuleCase:
    """Return a case; some allowlists are for ``commits``."""
    return _Maker(rng, commits).case()


class _Maker:
    def __init__(self, rng: Random, commits: tuple[str, ...]) -> None:
        self._rng = rng
        self._commits = commits
        self._samples: list[str] = []
        self._ids: list[str] = []
        self._beside: list[str] = []  # rules of the same file

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def case(self) -> RuleCase:
        rng = self._rng
        rules = [self._rule() for _ in range(rng.randint(3, 7))]
        files = {"rules.toml": ""}
        head = []
        if self._chance(0.35):
            files[EXTENDED] = self._base()
            disabled = rng.choice([*self._ids, "none"]) if self._chance(0.4) else ""
            extend = self._keys({"path": EXTENDED, **({"disabledRules": [disabled]} if disabled else {})})
            head = ["[extend]", *extend]
        lists = [self._file_allowlist() for _ in range(rng.choice((0, 0, 1, 1, 2)))]
        if lists and self._chance(0.3):
            lists = [lists[0].replace("[[allowlists]]", "[allowlist]")]
        files["rules.toml"] = "\n".join(['title = "fuzz"', *head, *lists, *rules, ""])
        paths = rng.sample(_PATHS, min(len(_PATHS), rng.choice(_FILES)))
        return RuleCase(files, {path: self._content() for path in paths})

    def _base(self) -> str:
        """Return a file that is extended: rules of its own, and some with ids of the other one."""
        self._beside = []
        rules = [self._rule() for _ in range(self._rng.randint(1, 3))]
        shared = self._rng.choice(self._ids)
        rules.append(self._rule(shared))
        lists = [self._file_allowlist(targets=False)] if self._chance(0.5) else []
        self._ids = list(dict.fromkeys(self._ids))
        return "\n".join([*lists, *rules, ""])

    def _rule(self, rule_id: str = "") -> str:
        rng = self._rng
        if not rule_id:
            rule_id = f"{rng.choice(('generic-', '', '', ''))}{rng.choice(_WORDS[:5])}-{len(self._ids)}"
        values: dict[str, object] = {"id": rule_id, "description": f"A {rule_id}"}
        is_path_rule = self._chance(0.12)
        if is_path_rule or self._chance(0.2):
            values["path"] = rng.choice(_PATH_PATTERNS)
        if not is_path_rule:
            values |= self._regex()
        lines = ["[[rules]]", *self._keys(values)]
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            lines += ["[[rules.allowlists]]", *self._keys(self._allowlist())]
        if not is_path_rule and self._beside and self._chance(0.15):
            required: dict[str, object] = {"id": rng.choice(self._beside)}
            for key, most in (("withinLines", 4), ("withinColumns", 60)):
                if self._chance(0.5):
                    required[key] = rng.randint(0, most)
            lines += ["[[rules.required]]", *self._keys(required)]
        self._ids.append(rule_id)
        self._beside.append(rule_id)
        return "\n".join(lines)

    def _regex(self) -> dict[str, object]:
        rng = self._rng
        parts = [self._part() for _ in range(rng.randint(1, 3))]
        word = rng.choice(_WORDS)
        begins = rng.choice(
            (
                "",
                "",
                r"\b",
                r"(?i)",
                r"(?i)\b",
                "^",
                "(?m)^",
                r"(?:^|[^\w])",
                r"\B",
                "(?s)",
                "[ \\t]*",
                r"\n",
                r"(?:\n|^)\s*",
            )
        )
        ends = rng.choice(
            (
                "",
                "",
                "",
                r"\b",
                "$",
                "(?m)$",
                r"(?:[^\w]|$)",
                r"\B",
                r"(?:['\"\s;]|\n|$)",
                "\n?",
                r"\s*",
                r"(?:\r?\n|$)",
            )
        )
        between = rng.choice(
            (
                Sampled("", ""),
                Sampled(r"\s*[=:]\s*", " = "),
                Sampled(r"[^=\n]{0,20}=", " x="),
                Sampled("(?:=|>|:{1,3})", ":"),
                Sampled(r".{1,5}?", "é:"),
                Sampled(r"[\s\S]{0,3}", "\n"),
            )
        )
        pattern = begins + word + between.pattern + "".join(part.pattern for part in parts) + ends
        text = word + between.text + "".join(part.text for part in parts)
        values: dict[str, object] = {"regex": pattern}
        self._samples += [text, text.upper() if "(?i)" in begins else text]
        groups = sum(part.pattern.startswith(("((", "(?P<", "([", "(\\")) for part in parts)
        if groups and self._chance(0.3):
            values["secretGroup"] = rng.randint(1, groups)
        if self._chance(0.3):
            values["entropy"] = rng.choice((0.5, 1.5, 2.0, 2.5, 3.0))
        if self._chance(0.6):
            values["keywords"] = [rng.choice((word, word.upper(), word.lower(), word[:3], "kilo", "zz"))]
        if self._chance(0.1):
            values["skipReport"] = True
        return values

    def _part(self) -> Sampled:
        rng = self._rng
        pattern = rng.choice(list(_ALPHABETS))
        repeat = rng.choice(_REPEATS)
        text = "".join(
            rng.choice(_ALPHABETS[pattern]) for _ in range({"{4}": 4, "{16}": 16}.get(repeat, rng.randint(8, 12)))
        )
        part = Sampled(pattern + repeat, text)
        match rng.randrange(8):
            case 0 | 1 | 2:
                return Sampled(f"({part.pattern})", text)
            case 3:
                return Sampled(f"(?P<{rng.choice('abcdefgh')}{rng.randrange(99)}>{part.pattern})", text)
            case 4:
                return Sampled(f"(?:{part.pattern}|none)", text)
            case 5:
                return Sampled(f"(zz)?{part.pattern}", text)
            case 6:
                return Sampled(f"(?i:{part.pattern})", text)
            case _:
                return part

    def _allowlist(self) -> dict[str, object]:
        rng = self._rng
        values: dict[str, object] = {}
        kinds = rng.sample(("regexes", "stopwords", "paths", "commits"), rng.choice((1, 1, 2, 3)))
        if "regexes" in kinds:
            values["regexes"] = [self._piece() for _ in range(rng.randint(1, 2))]
            if self._chance(0.7):
                values["regexTarget"] = rng.choice(("match", "line", "secret"))
        if "stopwords" in kinds:
            text = rng.choice(self._samples or ["none"])
            at = rng.randrange(len(text))
            word = text[at : at + rng.randint(1, 3)]
            values["stopwords"] = [rng.choice((word, word.upper(), "zzz")) or "zzz"]
        if "paths" in kinds:
            values["paths"] = rng.sample(_PATH_PATTERNS, rng.randint(1, 2))
        if "commits" in kinds or not values:
            values["commits"] = [rng.choice((*self._commits, "0" * 40))]
        if self._chance(0.5):
            values["condition"] = rng.choice(("AND", "OR", "and", "&&", "||"))
        return values

    def _piece(self) -> str:
        """Return a pattern that may match a part of a sample, or of what stands beside one."""
        rng = self._rng
        text = rng.choice(self._samples or ["none"])
        at = rng.randrange(len(text))
        piece = "".join(f"\\{c}" if c in r".+*?()[]{}^$|\/" else c for c in text[at : at + rng.randint(1, 4)])
        piece = piece.replace("\n", r"\n")
        around = rng.choice(("", "", "^", r"\b", "(?i)")), rng.choice(("", "", "$", ".", r"\w*$"))
        if self._chance(0.8):
            return piece.join(around)
        return rng.choice((r"^\w+$", "noise", r"end;$", r"^$", r"# test", r"é"))

    def _file_allowlist(self, *, targets: bool = True) -> str:
        values = self._allowlist()
        if targets and self._ids and self._chance(0.4):
            values["targetRules"] = [self._rng.choice(self._ids)]
        return "\n".join(["[[allowlists]]", *self._keys(values)])

    def _keys(self, values: dict[str, object]) -> list[str]:
        return [f"{self._cased(key)} = {_toml(value)}" for key, value in values.items()]

    def _cased(self, key: str) -> str:
        return self._rng.choice((key, key, key, key, key.lower(), key.upper())) if self._chance(0.2) else key

    def _content(self) -> bytes:
        rng = self._rng
        if self._chance(0.05) or not self._samples:
            return b""
        end = rng.choice(("\n", "\n", "\n", "\r\n", "\n\n"))
        lines = [self._line() for _ in range(rng.randint(1, 14))]
        lines += rng.choices(lines, k=rng.choice((0, 0, 1, 3)))
        if self._chance(0.1):
            lines.append("x" * _LONG + self._line())
        rng.shuffle(lines)
        text = end.join(lines) + (end if self._chance(0.7) else "")
        data = text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-8", "latin-1")), "replace")
        if self._chance(0.2) and data:
            at = rng.randrange(len(data))
            data = data[:at] + rng.choice((b"\xff", b"\xc3", b"\xe4\xb8", b"\xed\xa0\x80", b"\xef\xbb\xbf")) + data[at:]
        return data

    def _line(self) -> str:
        rng = self._rng
        parts = [rng.choice(("", "", 'x = "', "  ", "noise ", "é ", "\t", "a"))]
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            text = rng.choice(self._samples)
            if self._chance(0.3):
                at = rng.randrange(len(text))
                text = text[:at] + rng.choice(("", "q", "é", " ", text, "\r")) + text[at + 1 :]
            if self._chance(0.15):
                text = rng.choice((text.swapcase, text.lower, text.upper))()
            parts += [text, rng.choice(("", " ", '"', ";", "é", "\n", "x", " # test", "'"))]
        return "".join(parts) + rng.choice(("", "", '"', " end;", "\u00a0"))


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return f"'''{value}'''" if "'" not in value else '"' + "".join(_ESCAPES.get(c, c) for c in value) + '"'
    return str(value)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
