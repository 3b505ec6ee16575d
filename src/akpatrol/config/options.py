"""The options that commands share, one entry each: flags, configuration keys, defaults, help, docs derive from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.config.environment import BASELINE
from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    # The type of a value. Whole numbers are at least 1, others above 0; a size is in bytes; a switch is a flag with an
    # opposite flag.
    OptionForm = Literal[
        "text",
        "flag",
        "switch",
        "count",
        "choice",
        "format",
        "report",
        "directory",
        "file",
        "existing_file",
        "existing_path",
        "pattern",
        "whole",
        "number",
        "size",
    ]
    # Which configuration may set an option: that of any scanned tree, or only one that the caller names.
    Setter = Literal["tree", "caller", "nobody"]
    # The page in docs/ that lists an option.
    Page = Literal["configuration", "encodings", "verification"]

_LIMITS = Limits()
SIZES = {"T": 1 << 40, "G": 1 << 30, "M": 1 << 20, "K": 1 << 10, "": 1}
"""Units of bytes, the largest first."""


class Option(NamedTuple):
    """One option: its ``flags``, as typed, and a sentence of ``help``.

    A configuration sets it by its ``key`` where its ``setter`` may, and the environment by a ``variable``. A command
    that scans takes every option; of the others, those that are named in ``also``.
    """

    flags: tuple[str, ...]
    help: str
    form: OptionForm = "text"
    default: Any = None
    shown_default: str = ""
    """The text in the help instead of the default."""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    multiple: bool = False
    setter: Setter = "nobody"
    variable: str = ""
    page: Page = "configuration"
    also: tuple[str, ...] = ()
    parse: Callable[[Any], Any] | None = None
    """Converts a text to the value, where the value is not a text."""

    @property
    def key(self) -> str:
        """The name in a configuration, and in ``akpatrol config show``."""
        long = next(flag for flag in self.flags if flag.startswith("--"))
        return long.partition("/")[0].removeprefix("--").replace("-", "_")

    @property
    def text(self) -> str:
        """The help, with the default where there is one to show."""
        return f"{self.help}  [default: {default}]" if (default := self.shown_default or _words(self)) else self.help


def _words(option: Option) -> str:
    """Return the default as text, empty where it is not shown."""
    value = option.default
    if option.form == "size":
        return next(f"{value // size}{unit}" for unit, size in SIZES.items() if not value % size)
    if option.form in ("whole", "number") and value is not None:
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
    if isinstance(value, Confidence):
        return value.name.lower()
    return value if isinstance(value, str) else ""


def _confidence(name: str) -> Confidence:
    return Confidence[name.upper()]


def option(  # noqa: PLR0913 - as an entry has
    *flags: str,
    help: str,  # noqa: A002 - click's word
    form: OptionForm = "text",
    default: Any = None,
    shown_default: str = "",
    metavar: str = "",
    choices: tuple[str, ...] = (),
    multiple: bool = False,
    setter: Setter = "nobody",
    variable: str = "",
    page: Page = "configuration",
    also: tuple[str, ...] = (),
    parse: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a field of ``Options``; its annotation gives the type."""
    fixed = () if multiple else default
    return Option(
        flags, help, form, fixed, shown_default, metavar, choices, multiple, setter, variable, page, also, parse
    )


_REPORT, _ALLOW, _BASELINE, _BASELINE_SHOW = "report", "allow", "baseline", "baseline show"
_RULES, _RULES_CHECK, _RULES_EXPORT = "rules", "rules check", "rules export"
_COMPARE = "compare"


class Options(NamedTuple):
    """The values in force; ``explicit`` names the options that were set, all others have their defaults."""

    explicit: frozenset[str] = frozenset()
    # fmt: off
    directory: str | None = option(
        "-C", "--repo", form="directory", metavar="DIR", help="Work as if started in DIR.",
        also=(_REPORT, _COMPARE, _ALLOW, _BASELINE, _BASELINE_SHOW),
    )
    format_: str = option(
        "-f", "--format", form="format", default="text", metavar="FORMAT", help="Format of the report.",
        also=(_REPORT,),
    )
    output: str | None = option(
        "-o", "--output", form="file", metavar="FILE", also=(_REPORT, _COMPARE),
        help="Write the report to FILE instead of standard output.",
    )
    reports: tuple[tuple[str, str], ...] = option(
        "--report", form="report", multiple=True, metavar="FORMAT:FILE", also=(_REPORT,),
        help="Write a further report; repeatable.",
    )
    rules: tuple[str, ...] = option(
        "--rules", form="existing_path", multiple=True, metavar="PATH", setter="tree",
        help="A rule file of gitleaks, betterleaks or kingfisher, or a directory of them; repeatable.",
        also=(_REPORT, _COMPARE, _RULES, _RULES_EXPORT, _BASELINE),
    )
    rules_strict: bool = option(
        "--rules-strict", form="flag", default=False,
        also=(_REPORT, _COMPARE, _RULES, _RULES_CHECK, _RULES_EXPORT, _BASELINE),
        help="Refuse rule files of which anything has to be left out.",
    )
    only_rules: tuple[str, ...] = option(
        "--only-rules", multiple=True, metavar="GLOB", setter="tree", also=(_BASELINE, _RULES_EXPORT),
        help="Search only for rules whose id matches; repeatable. The report names the others.",
    )
    skip_rule: tuple[str, ...] = option(
        "--skip-rule", multiple=True, metavar="GLOB", setter="tree", also=(_BASELINE, _RULES_EXPORT),
        help="Do not search for rules whose id matches; repeatable. The report names them.",
    )
    rules_everywhere: bool = option(
        "--rules-everywhere", form="flag", default=False, setter="tree", also=(_BASELINE,),
        help="Apply your rules to commit messages, people, refs and the git directory too, not to files alone.",
    )
    config: str | None = option(
        "--config", form="existing_file", metavar="FILE", also=(_ALLOW, _BASELINE, _BASELINE_SHOW),
        help="Use this configuration instead of the scanned tree's.",
    )
    exclude: tuple[str, ...] = option(
        "--exclude", form="pattern", multiple=True, metavar="GLOB", setter="tree",
        help="Leave out paths that match, as in .gitignore; repeatable, counted in the report.",
    )
    allow_empty: bool = option(
        "--allow-empty", form="flag", default=False, also=(_REPORT,),
        help="Exit 0 even when there was nothing to scan.",
    )
    min_confidence: Confidence = option(
        "--min-confidence", form="choice", choices=("low", "medium", "high"), parse=_confidence, metavar="LEVEL",
        default=Confidence.MEDIUM, setter="tree", also=(_REPORT,),
        help="Report credentials of at least this confidence.",
    )
    hashes: str | None = option(
        "--hashes", metavar="FILE",
        help="Report only these: one fingerprint, SHA-256 or key id per line; `-` is standard input.",
    )
    jobs: int | None = option(
        "--jobs", form="whole", metavar="N", shown_default="processors", setter="caller", also=(_BASELINE,),
        help="Use at most N processes.",
    )
    no_cache: bool = option(
        "--no-cache", form="flag", default=False, help="Neither read nor write the caches of earlier runs."
    )
    show_secrets: bool = option(
        "--show-secrets", form="flag", default=False, setter="caller", help="Write raw secrets into the report."
    )
    exit_zero: bool = option(
        "--exit-zero", form="flag", default=False, help="Exit 0 instead of 1 when something is found.", also=(_REPORT,)
    )
    app_url: str | None = option(
        "--app-url", metavar="URL", setter="caller", variable="AKPATROL_APP_URL", also=(_REPORT,),
        help="The address of your Anyreach application, so that reports link to its pages.",
    )
    color: str = option(
        "--color", form="choice", choices=("auto", "always", "never"), default="auto", metavar="WHEN",
        also=(_REPORT, _COMPARE),
        help="Colour the text report: on a terminal, always or never.",
    )
    progress: bool | None = option(
        "--progress/--no-progress", form="switch", shown_default="on a terminal", also=(_BASELINE,),
        help="Show progress on standard error.",
    )
    quiet: bool = option(
        "-q", "--quiet", form="flag", default=False, also=(_REPORT,),
        help="Print nothing when nothing is found and nothing was skipped.",
    )
    verbose: int = option(
        "-v", "--verbose", form="count", default=0, also=(_REPORT, _COMPARE),
        help="Print more on standard error; repeat for even more.",
    )
    baseline: str | None = option(
        "--baseline", form="file", metavar="FILE", shown_default=BASELINE, setter="tree",
        help="The file of known credentials.", also=(_BASELINE, _BASELINE_SHOW),
    )
    no_allow: bool = option(
        "--no-allow", form="flag", default=False, help="Ignore the baseline, allowances and allow comments."
    )
    fail_on_stale: bool = option(
        "--fail-on-stale", form="flag", default=False, help="Also exit 1 for allowances that no longer match anything."
    )
    no_decode: bool = option(
        "--no-decode", form="flag", default=False, page="encodings",
        help="Do not decode base64, UTF-16, percent and other encodings.",
    )
    no_containers: bool = option(
        "--no-containers", form="flag", default=False, page="encodings",
        help="Do not open zip, tar, gzip and other containers.",
    )
    decode_depth: int = option(
        "--decode-depth", form="whole", default=_LIMITS.decode_depth, metavar="N", page="encodings",
        help="Decode at most N nested encodings.",
    )
    max_depth: int = option(
        "--max-depth", form="whole", default=_LIMITS.depth, metavar="N", page="encodings",
        help="Open at most N nested containers.",
    )
    max_members: int = option(
        "--max-members", form="whole", default=_LIMITS.members, metavar="N", page="encodings",
        help="Read at most N members of a container.",
    )
    max_expanded: int = option(
        "--max-expanded", form="size", default=_LIMITS.expanded, metavar="SIZE", page="encodings",
        help="Expand one container to at most SIZE; containers named as a PATH are exempt.",
    )
    max_expanded_overall: int = option(
        "--max-expanded-overall", form="size", default=_LIMITS.expanded_overall, metavar="SIZE",
        help="Expand one container and all containers in it to at most SIZE.", page="encodings",
    )
    max_seconds: float = option(
        "--max-seconds", form="number", default=_LIMITS.seconds, metavar="N", page="encodings",
        help="Time limit for a container and everything in it.",
    )
    max_ratio: int = option(
        "--max-ratio", form="whole", default=_LIMITS.ratio, metavar="N", page="encodings",
        help="Beyond 1 GiB, expand to at most N times the stored size.",
    )
    verify: bool = option(
        "--verify/--no-verify", form="switch", default=False, setter="caller", page="verification",
        help="Ask the API whether the credentials found are live.",
    )
    organizations: tuple[str, ...] = option(
        "--org", multiple=True, metavar="ID", setter="caller", page="verification",
        help="An organization in which to verify personal access tokens; repeatable.",
    )
    api_url: str = option(
        "--api-url", default="https://api.anyreach.ai", metavar="URL", setter="caller", page="verification",
        variable="AKPATROL_API_URL", help="The address of the API.",
    )
    ca_bundle: str | None = option(
        "--ca-bundle", metavar="FILE", setter="caller", variable="AKPATROL_CA_BUNDLE", page="verification",
        help="Trust these PEM certificates in addition to the system's.",
    )
    verify_rps: float = option(
        "--verify-rps", form="number", default=5.0, metavar="N", page="verification",
        help="Send at most N requests a second.",
    )
    send_unattributed: bool = option(
        "--send-unattributed", form="flag", default=False, page="verification",
        help="Also send tokens that may be another vendor's.",
    )
    no_scopes: bool = option(
        "--no-scopes", form="flag", default=False, page="verification", help="Do not ask what live credentials can do."
    )
    inventory: str | None = option(
        "--inventory", metavar="FILE", page="verification",
        help="The API's own list of keys, JSON: names the owner of each organization key without a request.",
    )
    fail_on: str = option(
        "--fail-on", form="choice", choices=("any", "live"), default="any", metavar="WHICH",
        help="Exit 1 for any finding, or only for a live one.", page="verification",
    )
    # fmt: on

    def over(self, lower: Options) -> Options:
        """Return these options, with the values of ``lower`` for those that are not set here."""
        return lower._replace(
            explicit=self.explicit | lower.explicit, **{name: getattr(self, name) for name in self.explicit}
        )

    @property
    def limits(self) -> Limits:
        """How far containers and encodings are opened."""
        return Limits(
            depth=self.max_depth,
            decode_depth=self.decode_depth,
            members=self.max_members,
            expanded=self.max_expanded,
            expanded_overall=self.max_expanded_overall,
            seconds=self.max_seconds,
            ratio=self.max_ratio,
            containers=not self.no_containers,
            decode=not self.no_decode,
        )


def _declared(options: Any) -> dict[str, Option]:
    """Replace the declarations in the class by their defaults, and return them."""
    declared = {name: entry for name, entry in options._field_defaults.items() if isinstance(entry, Option)}
    options.__new__.__defaults__ = tuple(
        declared[name].default if name in declared else value for name, value in options._field_defaults.items()
    )
    return declared


OPTIONS = _declared(Options)
"""The options by their names, in the order of the help."""


def of(values: Mapping[str, Any]) -> Options:
    """Return options with these values set, by name."""
    return Options(frozenset(values), **values)


def in_environment(variables: Mapping[str, str]) -> Options:
    """Return the options that the environment sets."""
    named = {name: variables.get(entry.variable) for name, entry in OPTIONS.items() if entry.variable}
    return of({name: value for name, value in named.items() if value})
