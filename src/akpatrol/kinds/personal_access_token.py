"""Personal access tokens, ``pat_...``: no form is documented, and other vendors use the prefix, too."""

from __future__ import annotations

from akpatrol.kinds.base import Bounds, CredentialKind, Remediation, SarifRule, Verifiability, Wording


class PersonalAccessToken(CredentialKind):
    """A user's token, which works in every organization of theirs ("Authentication")."""

    prefix = "pat_"
    bounds = Bounds(id=range(4, 65), secret=range(16, 257), body=range(20, 257))
    is_shared = True
    # ULID: 26 of Crockford's base32, the first at most 7. UUID: RFC 9562. The others: hexadecimal digits of one case.
    identifiers = (
        rb"[0-7][0-9A-HJKMNP-TV-Z]{25}",
        rb"[0-7][0-9a-hjkmnp-tv-z]{25}",
        rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        rb"[0-9a-f]{20,64}",
        rb"[0-9A-F]{20,64}",
    )
    secret_names = ("pat_key",)
    verification = Verifiability(form=rb"pat_[!-~]+", path="/core/agents", needs_organization=True)
    wording = Wording(
        name="Anyreach personal access token",
        short="personal access token",
        shape="pat_...",
        unattributed="personal access token",
    )
    remediation = Remediation("ask its owner to delete it", effect="It works in every organization of its owner.")
    sarif = SarifRule(
        id="anyreach-personal-access-token",
        description=(
            "An Anyreach personal access token acts for its user in every organization of theirs, until it is "
            "deleted or expires. Other vendors use the prefix pat_ too, so find out whose a token is first."
        ),
    )


KIND = PersonalAccessToken("personal_access_token")
