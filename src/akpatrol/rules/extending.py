"""Add to a rule file what it extends, as gitleaks merges them (config/config.go, ``extend``).

An extended file may extend another, and that one none: gitleaks reads no further, so that cycles end too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import RuleError
from akpatrol.rules.rule import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.rules.gitleaks_file import RuleFile
    from akpatrol.rules.rule import Rule

    # Reads the file that a file, given first, extends under a path.
    Read = Callable[[RuleFile, str], RuleFile]

DEFAULT = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
_DEEPEST = 2


def extended(file: RuleFile, read: Read, default: RuleFile | None, depth: int = 0) -> RuleFile:
    """Return a file with the rules of the one that it extends.

    ``default`` is the copy of gitleaks' own file that the user gives. Raises RuleError.
    """
    extend = file.extend
    if not (extend.path or extend.use_default):
        return file
    if depth == _DEEPEST:
        return _with(file, LeftOut(file.name, "", "extend", f"gitleaks reads no file more than {_DEEPEST} steps away"))
    if extend.path:
        base = read(file, extend.path)
    elif default:
        base = default
    else:
        raise RuleError(
            file.name,
            "",
            "extend",
            f"useDefault needs gitleaks' own file, which is not part of akpatrol: download {DEFAULT} and name it with "
            "--rules too",
        )
    return _merged(file, extended(base, read, default, depth + 1))


def _merged(file: RuleFile, base: RuleFile) -> RuleFile:
    """Return a file's rules merged onto those of the one that it extends."""
    unknown = [rule_id for rule_id in file.extend.disabled if rule_id not in base.rules]
    left_out = [
        *file.left_out,
        *base.left_out,
        *(LeftOut(file.name, rule_id, "disabledRules", f"{base.name} has no such rule") for rule_id in unknown),
    ]
    rules = dict(file.rules)
    for rule_id, rule in base.rules.items():
        if rule_id in file.extend.disabled:
            continue
        over = file.rules.get(rule_id)
        rules[rule_id] = _overridden(rule, over) if over else rule
        if over and (over.required or over.skip_report):
            key = "required" if over.required else "skipReport"
            left_out.append(LeftOut(file.name, rule_id, key, f"gitleaks takes it from the rule in {base.name} alone"))
    left_out += [
        LeftOut(base.name, "", "allowlists.targetRules", f"gitleaks does not apply it where {file.name} extends it")
        for _ in base.targeted
    ]
    return file._replace(
        rules=rules,
        allowlists=(*file.allowlists, *base.allowlists),
        own=(*file.own, *base.own),
        filters={**base.filters, **file.filters},
        file_filters={**base.file_filters, **file.file_filters},
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _overridden(base: Rule, over: Rule) -> Rule:
    return base._replace(
        description=over.description or base.description,
        regex=over.regex or base.regex,
        keywords=base.keywords + over.keywords,
        secret_group=over.secret_group or base.secret_group,
        entropy=over.entropy or base.entropy,
        path=over.path or base.path,
        allowlists=base.allowlists + over.allowlists,
        tags=base.tags + over.tags,
        file=over.file,
    )


def _with(file: RuleFile, left_out: LeftOut) -> RuleFile:
    return file._replace(left_out=(*file.left_out, left_out))
