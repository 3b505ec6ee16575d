"""Decide whether a match is a credential, who issued it, and who can read it.

Pure and local: ``judge`` reads at most 1024 bytes on either side of a match, more in a long line within binary data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.boundaries import Edge, comment_close, emphasis, file_extension, left_edge, right_edge
from akpatrol.detect.keywords import WORDS, Clue, shortest
from akpatrol.detect.likelihood import ceiling, is_placeholder, score
from akpatrol.detect.medium import Nature
from akpatrol.detect.program_names import FOREIGN_WORDS, MANGLED, name_before
from akpatrol.model.scan import Attribution, Confidence, Exposure

if TYPE_CHECKING:
    from akpatrol.detect.credential_ends import CredentialEnds
    from akpatrol.detect.medium import Medium
    from akpatrol.kinds import CredentialKind
    from akpatrol.rules.rule import Rule

# Nats of evidence for random text, see likelihood.score; bench/train_likelihood.py prints what they give.
POSSIBLE = 0.0
LIKELY = 4.0
CLEAR = 12.0
_WORD_ID = -4.0  # an id may happen to be a word (ak_prod...), which must not outweigh a random secret
_NAMED = -2.0  # an id below this reads as a word

_TELLING = 40  # characters that decide whether a text is random, when it may end earlier
_WHOLE = 32  # characters; a shorter text before "..." is taken for a shortened one
# How other vendors' tokens begin; the shortest are four characters, which random base62 begins with once in 10 million.
_FOREIGN = tuple(
    b"ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- dckr_pat_ sk_live_ sk_test_ rk_live_ sk-ant- sk-proj- xoxb- xoxp- "
    b"npm_ pypi- hf_ shpat_ dop_v1_ figd_ lin_api_ phc_ hvs. whsec_ rubygems_ sntrys_ gsk_ nvapi- AKIA AIzaSy".split()
)
_SHOPIFY = rb"shpat_[0-9a-f]{32}"
_FOR_ALL = frozenset((Clue.BROWSER,))  # the clues that bear on other credentials than ours too
NAMES_FOR_ALL = tuple(word.upper().encode() for word in shortest(WORDS[Clue.BROWSER]))
"""Parts of the names that are such clues: in capitals, as ``evidence`` asks for."""
_SUPPORT = frozenset((Clue.ANYREACH, Clue.MCP, Clue.BEARER, Clue.SECRET_NAME))


class Verdict(NamedTuple):
    """A credential at ``[start, end)`` of the judged bytes, with the judgement.

    Where ``end_is_certain`` is false, it may end anywhere before.
    """

    start: int
    end: int
    confidence: Confidence
    attribution: Attribution
    exposure: Exposure | None
    end_is_certain: bool = True


class _Candidate(NamedTuple):
    """The match of a kind at ``[start, end)`` of a medium's data, and the judgement of its left side."""

    kind: CredentialKind
    medium: Medium
    start: int
    end: int
    left: Edge

    def text(self, end: int) -> bytes:
        """Return the text after the prefix, up to ``end``."""
        return self.medium.data[self.start + len(self.kind.prefix) : end]

    def ends(self) -> CredentialEnds | None:
        """Return where it begins and ends in binary data, None in text."""
        from akpatrol.detect import credential_ends  # noqa: PLC0415 - most runs have nothing that looks like one

        def fits(end: int) -> bool:
            return self.kind.has_form(self.medium.data[self.start : end])

        stands_free = self.left is not Edge.INSIDE
        return credential_ends.find(self.medium, self.start, self.end, fits, stands_free=stands_free)


class _Found(NamedTuple):
    """A credential's text after its prefix, the evidence for it in nats, and the judgement of its sides.

    ``telling`` is the part that was judged; ``glued`` says that it is part of a longer word, ``is_asset`` that it names
    a file as build tools do.
    """

    text: bytes
    evidence: float
    edge: Edge
    telling: bytes
    end_is_certain: bool = True
    glued: bool = False
    is_asset: bool = False


def judge(rule: Rule, medium: Medium, start: int, end: int, clues: frozenset[Clue]) -> Verdict | None:
    """Judge the match of ``rule`` at ``[start, end)`` of a medium's data.

    ``clues`` are within 512 bytes of it, or of the text that it was decoded from.
    """
    data = medium.data
    if rule.kind.is_custom:
        near = _bearing(data, start, end, clues & _FOR_ALL)
        return Verdict(start, end, Confidence.MEDIUM, Attribution.OPEN, _exposure(near))
    weighed = medium.judged((rule.kind, start, end), lambda: _weighed(rule.kind, medium, start, end))
    if weighed is None:
        return None
    near = _bearing(data, start, end, clues)
    confidence = _confidence(weighed.evidence, near, doubtful=weighed.edge < Edge.CLEAN)
    if not weighed.end_is_certain:
        confidence = min(confidence, Confidence.MEDIUM)
    if weighed.glued or (weighed.is_asset and Clue.ANYREACH not in near):
        confidence = Confidence.LOW
    stop = start + len(rule.kind.prefix) + len(weighed.text)
    attribution, exposure = _attribution(rule.kind, near), _exposure(near)
    return Verdict(start, stop, confidence, attribution, exposure, weighed.end_is_certain)


def may_be_random(kind: CredentialKind, text: bytes) -> bool:
    """Return false for a match that is not a credential, regardless of its end and its surroundings."""
    bounds = kind.bounds
    first, _, secret = text[len(kind.prefix) :].partition(b".")
    if bounds.secret and ceiling(secret, bounds.secret.start) >= POSSIBLE:
        return True
    return bool(bounds.body) and ceiling(first, bounds.body.start) >= POSSIBLE


def _weighed(kind: CredentialKind, medium: Medium, start: int, end: int) -> _Found | None:
    """Judge a match by itself, without its surroundings."""
    place = _Candidate(kind, medium, start, end, left_edge(medium.data, start))
    found_ends = place.ends()
    weighed = _in_binary(place, found_ends) if found_ends else _in_text(place)
    return weighed if weighed and _is_plausible(weighed.telling) else None


def _in_text(place: _Candidate) -> _Found | None:
    kind, medium, start, end, left = place
    data = medium.data
    closing = 0
    if left is Edge.INSIDE:
        left, closing = Edge.DOUBTFUL, emphasis(data, start, end)
        if not closing:
            return None
    stop = end - closing - comment_close(data, end)
    right = right_edge(data, end)
    text = place.text(stop)
    weighed = _weigh(kind, text, is_complete=right is not Edge.INSIDE, is_file=file_extension(data, end))
    if weighed is None:
        return None
    evidence, length = weighed
    if length < len(text):  # the dot and what follows it are not the credential's
        right, text = Edge.CLEAN, text[:length]
    if right is Edge.CUT and length < _WHOLE:
        return None
    is_asset = file_extension(data, start + len(kind.prefix) + length) and _is_content_hash(text)
    return _Found(text, evidence, min(left, right), text, is_asset=is_asset)


def _in_binary(place: _Candidate, ends: CredentialEnds) -> _Found | None:
    """Judge a match in binary data, where a word on the left may belong to another string."""
    kind, data, left = place.kind, place.medium.data, place.left
    is_framed = ends.is_certain and ends.is_framed
    glued = left is Edge.INSIDE and not is_framed
    if glued and kind.bounds.body and not _is_in_pool(place, ends):
        return _in_text(place)
    text = place.text(ends.end if is_framed else ends.end - comment_close(data, ends.end))
    right = Edge.CLEAN if is_framed else right_edge(data, ends.end)
    # When the end of a text is unknown, its beginning decides whether it is random.
    telling = text if ends.is_certain else text[: text.find(b".") + 1 + _TELLING]
    weighed = _weigh(kind, telling, is_complete=True, is_file=not is_framed and file_extension(data, ends.end))
    if weighed is None:
        return None
    evidence, length = weighed
    if glued and kind.bounds.body and evidence < CLEAR:
        return None
    if length < len(telling):
        shorter = place._replace(end=place.start + len(kind.prefix) + length)
        return _in_binary(shorter, shorter.ends() or ends._replace(end=shorter.end, is_certain=True, is_framed=False))
    if right is Edge.CUT and len(text) < _WHOLE:
        return None
    edge = Edge.DOUBTFUL if left is Edge.DOUBTFUL and not is_framed else Edge.CLEAN
    is_asset = file_extension(data, ends.end) and _is_content_hash(text)
    return _Found(text, evidence, edge, telling, ends.is_certain, glued, is_asset)


def _is_in_pool(place: _Candidate, ends: CredentialEnds) -> bool:
    """Return whether a token that continues a word may be a literal next to another one, not part of one string.

    It is not when the whole may be a name, whose words are joined with ``_``, or one that a compiler generated.
    """
    data, start, kind = place.medium.data, place.start, place.kind
    if ends.is_certain or place.medium.nature(start, place.end) is not Nature.BINARY:
        return False
    name = name_before(data, start)
    is_foreign = name.endswith((b"_", *FOREIGN_WORDS)) or bool(re.compile(_SHOPIFY).match(data, max(0, start - 2)))
    # A token in which another one begins before it could end is a piece of something else.
    prefix, least = kind.prefix.encode(), kind.bounds.body.start
    body = place.text(place.end)[: least + len(prefix) - 1]
    if is_foreign or name.startswith(MANGLED) or prefix in body:
        return False
    return score(body[:least]) >= LIKELY


def _weigh(kind: CredentialKind, text: bytes, *, is_complete: bool, is_file: bool) -> tuple[float, int] | None:
    """Return the evidence for the credential that ``text`` begins with, in nats, and its length in bytes.

    ``is_complete`` is false when the match stopped at its longest and more token characters follow.
    """
    first, dot, secret = text.partition(b".")
    if dot and is_complete and kind.bounds.fit_pair(first, secret):
        evidence = _pair(first, secret, is_file=is_file)
        if evidence >= POSSIBLE:
            return evidence, len(text)
    if len(first) not in kind.bounds.body or not (is_complete or dot):
        return None
    evidence = score(first)
    return (evidence, len(first)) if evidence >= POSSIBLE else None


def _pair(key_id: bytes, secret: bytes, *, is_file: bool) -> float:
    """Return the evidence for ``<id>.<secret>`` in nats; negative when the secret alone is not random."""
    secret_evidence, id_evidence = score(secret), score(key_id)
    if is_file and id_evidence < _NAMED:  # main.<content hash>.js
        return min(secret_evidence, id_evidence)
    if secret_evidence < POSSIBLE:
        return secret_evidence
    return secret_evidence + max(id_evidence, _WORD_ID)


def _is_content_hash(text: bytes) -> bool:
    """Return whether it looks like a build tool's hash in a file name: letters of one case, mostly hex digits."""
    return b"." not in text and (text.islower() or text.isupper())


def _is_plausible(text: bytes) -> bool:
    """Refuse what scores as random and is not: numbers, placeholders, other vendors' tokens."""
    return (
        not text.startswith(_FOREIGN)
        and bool(text.translate(None, b"0123456789-_."))
        and not any(map(is_placeholder, text.split(b".")))
    )


def _bearing(data: bytes, start: int, end: int, clues: frozenset[Clue]) -> frozenset[Clue]:
    if not clues:
        return clues
    from akpatrol.detect.evidence import bearing  # noqa: PLC0415 - most scans judge nothing

    return bearing(data, start, end, clues)


def _exposure(clues: frozenset[Clue]) -> Exposure | None:
    return Exposure.BROWSER if Clue.BROWSER in clues else None


def _confidence(evidence: float, clues: frozenset[Clue], *, doubtful: bool) -> Confidence:
    level = 1 + (evidence >= LIKELY) + (evidence >= CLEAR)
    # "your_token" is a secret's name and a placeholder's word: then the second counts.
    if doubtful or Clue.PLACEHOLDER in clues:
        level = max(level - 1, Confidence.LOW)
    elif not clues.isdisjoint(_SUPPORT):
        level = min(level + 1, Confidence.HIGH)
    return Confidence(level)


def _attribution(kind: CredentialKind, clues: frozenset[Clue]) -> Attribution:
    known = not kind.is_shared or Clue.ANYREACH in clues
    return Attribution.LIKELY if known else Attribution.OPEN
