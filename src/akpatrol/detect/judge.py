"""Decide whether a match is a credential, whose it is, and who can read it.

Pure and local: ``judge`` looks at most 64 bytes left and 8 right of a match, and at 512 on either side when it is told
that clues stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.boundaries import Edge, comment_close, counted, emphasis, file_extension, left_edge, right_edge
from akpatrol.detect.keywords import Clue
from akpatrol.detect.likelihood import is_placeholder, score
from akpatrol.model import Attribution, Confidence, Exposure, Kind

if TYPE_CHECKING:
    from akpatrol.rules import Rule

# Nats of evidence for random text, see likelihood.score; bench/train_likelihood.py prints what they give.
POSSIBLE = 0.0
LIKELY = 4.0
CLEAR = 12.0
_WORD_ID = -4.0  # an id may happen to be a word (ak_prod...), which must not outweigh a random secret
_NAMED = -2.0  # an id below this reads as a word

_ID = range(4, 65)
_SECRET = range(16, 257)
_BODY = range(20, 257)
_WHOLE = 32  # characters; a shorter text before "..." is taken for a shortened one
_PREFIX = {Kind.ORGANIZATION_KEY: len("ak_"), Kind.PERSONAL_ACCESS_TOKEN: len("pat_")}
# How other vendors' tokens begin; the shortest are four characters, which random base62 begins with once in 10 million.
_FOREIGN = tuple(
    b"ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- dckr_pat_ sk_live_ sk_test_ rk_live_ sk-ant- sk-proj- xoxb- xoxp- "
    b"npm_ pypi- hf_ shpat_ dop_v1_ figd_ lin_api_ phc_ hvs. whsec_ rubygems_ sntrys_ gsk_ nvapi- AKIA AIzaSy".split()
)
_SUPPORT = frozenset((Clue.ANYREACH, Clue.MCP, Clue.BEARER, Clue.SECRET_NAME))


class Verdict(NamedTuple):
    """A credential at ``[start, end)`` of the judged bytes, and what is thought of it."""

    start: int
    end: int
    confidence: Confidence
    attribution: Attribution
    exposure: Exposure | None


def judge(rule: Rule, data: bytes, start: int, end: int, clues: frozenset[Clue]) -> Verdict | None:
    """Decide on the match ``data[start:end]`` of ``rule``.

    ``clues`` stand within 512 bytes of it, or of the text from which ``data`` was decoded.
    """
    if rule.kind is Kind.CUSTOM:
        near = _bearing(data, start, end, clues)
        return Verdict(start, end, Confidence.MEDIUM, Attribution.OPEN, _exposure(near))
    length = counted(data, start, end)
    end = start + length if length else end
    left, closing = Edge.CLEAN if length else left_edge(data, start), 0
    if left is Edge.INSIDE:
        left, closing = Edge.DOUBTFUL, emphasis(data, start, end)
        if not closing:
            return None
    stop = end - closing - comment_close(data, end)
    right = Edge.CLEAN if length else right_edge(data, end)
    text = data[start + _PREFIX[rule.kind] : stop]
    found = _weigh(rule.kind, text, whole=right is not Edge.INSIDE, is_file=file_extension(data, end))
    if found is None:
        return None
    evidence, length = found
    if length < len(text):  # the dot and what follows it are not the credential's
        right, stop, text = Edge.CLEAN, stop - len(text) + length, text[:length]
    if (right is Edge.CUT and length < _WHOLE) or not _is_plausible(text):
        return None
    near = _bearing(data, start, end, clues)
    confidence = _confidence(evidence, near, doubtful=min(left, right) < Edge.CLEAN)
    return Verdict(start, stop, confidence, _attribution(rule.kind, near), _exposure(near))


def _weigh(kind: Kind, text: bytes, *, whole: bool, is_file: bool) -> tuple[float, int] | None:
    """Return the evidence for the credential that ``text`` begins with, in nats, and its length in bytes.

    ``whole`` is false when the match stopped at its longest and more token characters follow.
    """
    first, dot, secret = text.partition(b".")
    if dot and whole and len(first) in _ID and len(secret) in _SECRET:
        evidence = _pair(first, secret, is_file=is_file)
        if evidence >= POSSIBLE:
            return evidence, len(text)
    if kind is Kind.ORGANIZATION_KEY or len(first) not in _BODY or not (whole or dot):
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


def _attribution(kind: Kind, clues: frozenset[Clue]) -> Attribution:
    known = kind is Kind.ORGANIZATION_KEY or Clue.ANYREACH in clues
    return Attribution.LIKELY if known else Attribution.OPEN
