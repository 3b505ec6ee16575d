"""Organization API keys, ``ak_<id>.<secret>``: the id is public, the prefix is Anyreach's alone."""

from __future__ import annotations

from akpatrol.kinds.base import Bounds, CredentialKind, Remediation, SarifRule, Verifiability, Wording


class OrganizationKey(CredentialKind):
    """An organization's API key, which carries its organization ("Authentication")."""

    prefix = "ak_"
    bounds = Bounds(id=range(4, 65), secret=range(16, 257))
    has_key_id = True
    inventory_prefix = "ak_"
    verification = Verifiability(form=rb"ak_[!-~]+\.[!-~]+", path="/core/agents")
    wording = Wording(name="Anyreach organization API key", short="organization key", shape="ak_<id>.<secret>")
    remediation = Remediation("delete it", effect="A deleted key is refused from then on.")
    sarif = SarifRule(
        id="anyreach-organization-key",
        precision="high",
        description=(
            "An Anyreach organization API key gives whoever has it the organization that it belongs to, "
            "until it is deleted or expires."
        ),
    )


KIND = OrganizationKey("organization_key")
