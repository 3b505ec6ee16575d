"""The policy in force: flags and a configuration, from the checkout or from a base that the change did not write."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.config.environment import BASELINE
from akpatrol.config.files import OnDisk
from akpatrol.config.load import configuration_of
from akpatrol.config.settings import Configuration, NamedFile, PolicySettings
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from akpatrol.config.files import Files
    from akpatrol.config.options import Options
    from akpatrol.config.settings import Settings
    from akpatrol.model.credential import Credential

_MOST_BYTES = 32 << 20


class BasePolicy(Protocol):
    """The source of policy when the change wrote the checkout itself: the commit that it is based on."""

    files: Files
    notices: list[str]

    def inside(self, path: str) -> str | None:
        """Return the name in ``files`` of a path that the caller gives; None for one outside the checkout."""

    def trusts(self, credential: Credential) -> bool:
        """Return whether the credential's inline allowances already existed in the base."""


class Configure(Protocol):
    """Makes settings of a command's flags."""

    def __call__(self, start: str | None, top: str | None, base: BasePolicy | None = None) -> Settings:
        """Return the settings; the scanned tree's configuration is searched for from ``start`` up to ``top``.

        With a ``base`` the checkout's files are read there instead. Raises UsageError.
        """


class InForce(NamedTuple):
    """A configuration and what else may allow a credential."""

    configuration: Configuration
    policy: PolicySettings
    rules: tuple[str | NamedFile, ...]


def in_force(flags: Options, start: str | None, top: str | None, base: BasePolicy | None = None) -> InForce:
    """Return the policy of flags and the scanned tree; with a ``base``, its files replace those of the checkout.

    Raises UsageError for a file that cannot be used.
    """
    configuration = _configuration(flags, start, top, base)
    rules = tuple(_rules(path, base) for path in flags.rules)
    policy = PolicySettings(fail_on_stale=flags.fail_on_stale, top=top, base_files=base.files if base else None)
    if not flags.no_allow:
        policy = policy._replace(
            inline=bool(top),  # without a tree there is no policy for the scanned content
            allow=configuration.allow,
            baseline=_baseline(flags, configuration, top, base),
            trusted=base.trusts if base else None,
            ignored=ignore_file(top, base) if rules or configuration.rules else None,
        )
    return InForce(configuration, policy._replace(notices=tuple(base.notices) if base else ()), rules)


def _configuration(flags: Options, start: str | None, top: str | None, base: BasePolicy | None) -> Configuration:
    if base and flags.config and (path := base.inside(flags.config)):
        if base.files.is_file(path):
            return configuration_of(path, None, None, base.files)
        base.notices.append(f"--config {flags.config} is ignored: the range's base has no such file")
        return Configuration()
    return configuration_of(flags.config, start, top, None if flags.config or not base else base.files)


def _rules(path: str, base: BasePolicy | None) -> str | NamedFile:
    """Return a rule file of the base, else its path; one that the change adds may not decide about others."""
    if not base or not (in_base := base.inside(path)):
        return path
    if base.files.is_file(in_base):
        content = base.files.read(in_base, _MOST_BYTES)
        return NamedFile(base.files.name(in_base), content, partial(_extended, base=base))
    if not os.path.isfile(path):
        return path
    return _read(path, OnDisk())._replace(is_new=True)


def _extended(path: str, base: BasePolicy) -> NamedFile:
    """Return the file that a rule file extends, from the base where that has it."""
    file = _rules(path, base)
    return file if isinstance(file, NamedFile) else _read(path, OnDisk())


def _baseline(
    flags: Options, configuration: Configuration, top: str | None, base: BasePolicy | None
) -> NamedFile | None:
    path = flags.baseline or configuration.baseline
    if not path and not top:
        return None
    wanted = path or os.path.join(top or "", BASELINE)
    if base and (in_base := base.inside(wanted)):
        if base.files.is_file(in_base):
            return _read(in_base, base.files)
        if path:
            base.notices.append(f"the baseline {path} is ignored: the range's base has no such file")
        return None
    if not os.path.isfile(wanted):
        if path:
            raise UsageError(f"{path}: no such baseline", hint="create it: akpatrol baseline create")
        return None
    # A scanned tree may name only files inside it; the caller may name any file.
    return _read(wanted, OnDisk(None if flags.baseline or (path and not configuration.base) else top))


def ignore_file(top: str | None, base: BasePolicy | None) -> NamedFile | None:
    """Return the ``.gitleaksignore`` of a tree, or of its base; it is for users' rules alone."""
    wanted = os.path.join(top or "", ".gitleaksignore")
    if not top:
        return None
    if base:
        in_base = base.inside(wanted)
        return _read(in_base, base.files) if in_base and base.files.is_file(in_base) else None
    if not os.path.isfile(wanted):
        return None
    from akpatrol.config.files import OnDisk  # noqa: PLC0415 - most trees have none

    return _read(wanted, OnDisk(top))


def _read(path: str, files: Files) -> NamedFile:
    return NamedFile(files.name(path), files.read(path, _MOST_BYTES))
