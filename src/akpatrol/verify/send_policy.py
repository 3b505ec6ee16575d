"""Decide which credentials may be sent at all: pure, and before any connection is opened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.model.scan import Attribution, End
from akpatrol.verify.control import is_control

if TYPE_CHECKING:
    from akpatrol.model.credential import Credential

_LONGEST = 1024  # bytes; servers cut or refuse longer headers

UNATTRIBUTED = "It may be another vendor's and should not be sent to Anyreach. --send-unattributed sends it anyway."
MISSHAPEN = "It does not have the documented form of its kind, so sending it could leak something else."
UNCERTAIN = "Its end is uncertain, so the API's answer would prove nothing. Find it in a text file and verify that one."
CONTROL = "It is one of akpatrol's own negative controls, which cannot exist."


def why_not_sent(credential: Credential, *, send_unattributed: bool) -> str | None:
    """Return why a credential must not be sent, None when it may be.

    The form is checked again because users' rules may call anything an organization key.
    """
    how = credential.kind.verification
    if how is None:
        return credential.kind.not_verifiable
    raw = credential.secret.reveal()
    if len(raw) > _LONGEST or not re.fullmatch(how.form, raw):
        return MISSHAPEN
    if credential.end is End.UNCERTAIN:
        return UNCERTAIN
    if is_control(credential.kind, credential.secret):
        return CONTROL
    if credential.attribution is Attribution.OPEN and not send_unattributed:
        return UNATTRIBUTED
    return None
