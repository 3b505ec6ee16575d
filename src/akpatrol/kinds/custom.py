"""The credentials that users' own rules find: only the rule is known about them."""

from __future__ import annotations

from akpatrol.kinds.base import CredentialKind, Remediation, Wording


class Custom(CredentialKind):
    """Any credential of a rule without a kind."""

    is_custom = True
    not_verifiable = "It comes from a custom rule, so there is no API to verify it with."
    wording = Wording(name="credential", short="other")
    remediation = Remediation("revoke it", place="where it was issued")


KIND = Custom("custom")
