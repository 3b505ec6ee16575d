from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from random import Random

import pytest

from akpatrol.detect.judge import Verdict, judge
from akpatrol.detect.keywords import Clue
from akpatrol.detect.medium import Medium
from akpatrol.kinds import CUSTOM
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Attribution, Confidence, Exposure
from akpatrol.rules.rule import Rule
from akpatrol.rules.rule_file import load
from tests import credentials

RULES = [rule for rule in load().rules if rule.kind is not CUSTOM]
NONE: frozenset[Clue] = frozenset()
LONG, SHORT = "pat_{base62:40}", "pat_{base62:20}"


def fill(template: str, seed: int = 0) -> str:
    """Replace each ``{alphabet:length}`` by random text, as in the rule files' examples."""
    rng = Random(f"{template}{seed}")
    return re.sub(r"\{(\w+):(\d+)\}", lambda match: credentials.random_text(rng, match[1], int(match[2])), template)


def find(text: str | bytes, clues: frozenset[Clue] = NONE) -> list[tuple[str, Verdict]]:
    """Judge every match that starts anywhere in ``text``, overlapping ones too."""
    data = text if isinstance(text, bytes) else text.encode()
    found = []
    for rule in RULES:
        pattern, start = re.compile(rule.regex.encode()), 0
        while match := pattern.search(data, start):
            start = match.start() + 1
            verdict = judge(rule, Medium(data), match.start(), match.end(), clues)
            if verdict is not None:
                found.append((data[verdict.start : verdict.end].decode(), verdict))
    return found


def texts(text: str | bytes) -> list[str]:
    return [credential for credential, _ in find(text)]


def moderate() -> str:
    """Return a credential of the smallest size that is random and yet close to words."""
    for seed in range(100_000):
        token = fill(SHORT, seed)
        if [verdict.confidence for _, verdict in find(token)] == [Confidence.MEDIUM]:
            return token
    raise AssertionError


@pytest.mark.parametrize("name", credentials.ALPHABETS)
@pytest.mark.parametrize(("id_length", "length"), [(None, 20), (None, 64), (4, 16), (12, 32)])
def test_random_tokens_are_found_whole(name: str, id_length: int | None, length: int) -> None:
    rng = Random(f"{name} {id_length} {length}")
    missed = 0
    for _ in range(1000):
        token = credentials.personal_access_token(rng, alphabet_name=name, length=length, id_length=id_length)
        missed += not any(
            found == token and verdict.confidence >= Confidence.MEDIUM for found, verdict in find(f'key = "{token}"')
        )
    assert missed <= 3


@pytest.mark.parametrize("name", credentials.ALPHABETS)
@pytest.mark.parametrize(("id_length", "length"), [(4, 16), (12, 32), (64, 256)])
def test_random_keys_are_found_whole(name: str, id_length: int, length: int) -> None:
    rng = Random(f"{name} {id_length} {length}")
    missed = 0
    for _ in range(300):
        key = credentials.organization_key(rng, id_alphabet=name, id_length=id_length, secret_length=length)
        missed += texts(f"key={key}\n") != [key]
    assert missed <= 3


@pytest.mark.parametrize("template", ["pat_{hex:20}", "pat_{hex:32}", "pat_{crockford_lower:26}"])
@pytest.mark.parametrize("after", [".js", ".min.css", ".js.map", ".woff2"])
def test_names_of_web_assets_are_low(template: str, after: str) -> None:
    text = f"<script src='/assets/{fill(template)}{after}'></script>"
    assert {verdict.confidence for _, verdict in find(text)} == {Confidence.LOW}
    assert {verdict.confidence for _, verdict in find(text, frozenset((Clue.ANYREACH,)))} == {Confidence.HIGH}
    assert {verdict.confidence for _, verdict in find(fill(f"{LONG}{after}"))} == {Confidence.HIGH}


def test_uuids_and_ulids_are_found_whole() -> None:
    rng = Random(3)
    for body in (credentials.uuid4(rng), credentials.uuid4(rng, dashes=False), credentials.ulid(rng)):
        assert texts(f"'pat_{body}'") == [f"pat_{body}"]


def test_identifiers_are_not_found() -> None:
    root = Path(sysconfig.get_path("stdlib"))
    files = [
        path
        for name in ("asyncio", "unittest", "email", "test/support", "idlelib", "tkinter")
        for path in sorted((root / name).glob("*.py"))
    ]
    content = b"\n".join(path.read_bytes() for path in [*files, *sorted(root.glob("*.py"))])
    names = sorted({name.decode() for name in re.findall(rb"(?<![\w+/=-])[A-Za-z_]\w{19,}(?![\w+/=-])", content)})
    assert len(names) > 1000
    reported = [name for name in names if find(f"pat_{name}") or find(f"ak_{name[:64]}.{name}")]
    assert len(reported) <= 0.005 * len(names)


@pytest.mark.parametrize(
    "text",
    [
        "ak_your_key_id.your_secret_goes_here", "pat_replace_this_with_your_own_token",
        # identifiers and method calls
        "pat_get_user_profile_settings", "pat_MAX_RETRY_COUNT_EXCEEDED_ERROR", "pat_sha256_x86_64_linux_gnu_cpython311",
        "ak_client.get_org_settings()", "self.ak_manager.refreshCredential(token)",
        "ak_utils.deserialize_from_base64_v2", "pat_i18n_en_US_messages_v2_3_1_rc4",
        # CSS classes, URLs and file names
        "pat_card__body pat_card__footer--collapsed-small",
        "https://x.org/pat_documentation/getting-started-with-tokens",
        "https://x.org/assets/pat_main.{hex:20}.js", "ak_icons.{hex:16}.woff2",
        "pat_report_2024-01-15_final_version_2.pdf",
        "ak_47.some-long-domain-name.example.org", "pat_1234567890_20240115_0001.dcm",
        # templates and patterns
        "ak_<id>.<secret>", "ak_{id}.{secret}", "ak_$ID.$SECRET", "pat_$PERSONAL_ACCESS_TOKEN_VALUE",
        "pat_<your-token-here>",
        "pat_[0-9A-Za-z_-]{20,256}", "pat_{{ .Values.anyreach.token }}", "pat_%(organization_token)s",
        "${pat_token_value_name}",
        # placeholders
        "pat_your_personal_access_token_here", "pat_YOUR_PERSONAL_ACCESS_TOKEN_HERE",
        "ak_KEY_ID.SECRET_GOES_HERE_PLEASE",
        "ak_" + "x" * 8 + "." + "x" * 24, "pat_qwertyuiopasdfghjklzxcvbnm",
        "pat_" + "abc123" * 4, "pat_" + "tokens" * 5,
        "pat_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "pat_12345678-1234-1234-1234-123456789012",
        "pat_xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx", "pat_thisisafaketoken1234567890", "ak_id." + "secret" * 4,
        # masked, shortened, of other vendors
        "pat_" + "*" * 28, "pat_{base62:4}" + "*" * 12 + "{base62:4}", "ak_{base62:8}.****************",
        "ak_{base62:8}.{base62:16}****", "pat_{base62:8}...{base62:4}", "pat_{base62:24}…", "pat_{base62:24}[...]",
        '"key_id": "ak_{base62:8}"', "ak_{base62:8}", "pat_{base62:12}", "pat_" + "•" * 20,
        "shpat_{hex:32}", "glpat-{base62:20}", "pat_sk_live_{base62:24}", "xpat_{hex:40}", "9pat_{hex:40}",
        "ak_foo.some_method_name_here(x)",
        "pat_" + "X" * 24, "pat_" + "12345678" * 3, "pat_" + "7" * 24,
        "ak_main.{hex:20}.js", "pat_btn-primary-large-rounded",
        "pat_{base62:300}", "ak_{base62:8}.{base62:300}", "pat_{base62:19}", "ak_{base62:3}.{base62:32}",
        "ak_{base62:8}.{base62:15}",
        "break_{base62:12}.{base62:32}", "github_pat_{base62:40}", "dckr_pat_{base62:27}",
        "pat_ghp_{base62:36}",
        "com%5Fpat_{base62:40}", "pat_{base62:24}...", "pat_{base62:24}****", "pat_{base62:6}****",
        "ak_{base62:8}...",
        "pat_${TOKEN}", "pat_{{ token }}", "pat_%(token)s", "pat_<token>", "pat_EXAMPLE{base62:30}",
        "pat_20240101T120000Z-20240102",
        "pat_00000000-0000-0000-0000-000000000000", "pat_test_tokens_are_refused.some_other_attribute",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    assert texts(fill(text)) == []


BEFORE = [
    "", '"', "\\n", "%3D", "\\u003d", "\\x3d", "\x1b[31m", "https://", "https://user:", "é", "**", "-", "&quot;",
    "&#61;", "&#x3d;", "&gt;", "Bearer ", "=", "(", "[", "<", "\x00",
]  # fmt: skip
AFTER = [
    "", ".", ". Then", ",", '"', "\\n", "\\nNEXT", "\\nNEXT=x_y", "%26", "%26x=", "&amp;x=1", "&quot;",
    "&x=1", ")", "]",
    "}", ".json", ".txt", ".pem", ".env", "\x00", "\x1b[0m", "\\u001b[0m", "\\u0026x", "-->", "**", "@host", "é",
    "/path", "?", "!", ";", ":", "'", "`", "</b>", "|", "~", "\r\n", "=", "+", "#frag",
]  # fmt: skip
WHOLE = [
    LONG, "pat_{base64url:8}x.x{base62:32}", "ak_x{base64url:11}.{base62:32}", "pat_{base62:38}-_",
    "ak_{base62:9}.{base62:31}_",
]  # fmt: skip


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("template", WHOLE)
def test_exact_extent(before: str, template: str) -> None:
    credential = fill(template)
    assert [after for after in AFTER if texts(before + credential + after) != [credential]] == []


def test_a_token_ends_before_a_dotted_word() -> None:
    token = fill(LONG)
    assert texts(f"{token}.some_method_or_other_name") == [token]
    assert texts(f"{token}.{fill('{base62:300}')}") == [token]


def test_markdown_emphasis_is_no_part_of_a_token() -> None:
    token = fill(LONG)
    assert texts(f"the __{token}__ leaked") == [token]
    assert texts(f"the _{token} name") == []


def test_a_long_credential_before_an_ellipsis_stays_reported() -> None:
    assert [verdict.confidence for _, verdict in find(fill(LONG) + "...")] == [Confidence.MEDIUM]


@pytest.mark.parametrize(
    ("clue", "before"),
    [
        (Clue.ANYREACH, ""),
        (Clue.MCP, ""),
        (Clue.BEARER, "Bearer "),
        (Clue.SECRET_NAME, "token="),
    ],
)
def test_evidence_raises_confidence_by_one_step(clue: Clue, before: str) -> None:
    assert find(before + moderate(), frozenset({clue}))[0][1].confidence is Confidence.HIGH
    assert find(before + "pat_get_default_configuration", frozenset({clue})) == []


def test_a_placeholder_word_lowers_confidence_by_one_step() -> None:
    near = frozenset({Clue.PLACEHOLDER, Clue.SECRET_NAME})
    assert find("your_token=" + fill(LONG), near)[0][1].confidence is Confidence.MEDIUM
    assert find("your_token=" + moderate(), near)[0][1].confidence is Confidence.LOW


def test_a_clue_round_the_encoded_form_counts() -> None:
    assert find(moderate(), frozenset({Clue.BEARER}))[0][1].confidence is Confidence.HIGH
    assert find(f"token\n{moderate()}", frozenset({Clue.SECRET_NAME}))[0][1].confidence is Confidence.MEDIUM
    assert find(fill(LONG), frozenset({Clue.BROWSER}))[0][1].exposure is Exposure.BROWSER


def test_program_text_round_it_lowers_confidence_by_one_step() -> None:
    for text in (f"module.{fill(LONG)}", f"{fill(LONG)}(", f"${fill(LONG)}"):
        assert find(text)[0][1].confidence is Confidence.MEDIUM


def test_attribution() -> None:
    key, token, near = fill("ak_{base62:12}.{base62:32}"), fill(LONG), frozenset({Clue.ANYREACH})
    assert find(key)[0][1].attribution is Attribution.LIKELY
    assert find(token)[0][1].attribution is Attribution.OPEN
    assert find(token, near)[0][1].attribution is Attribution.LIKELY


def test_exposure() -> None:
    assert find(fill(LONG))[0][1].exposure is None
    assert find("VITE_KEY=" + fill(LONG), frozenset({Clue.BROWSER}))[0][1].exposure is Exposure.BROWSER


def test_a_custom_rule_is_taken_at_its_word() -> None:
    rule = Rule("custom", "custom", "x+")
    assert judge(rule, Medium(b"axxxb"), 1, 4, NONE) == Verdict(1, 4, Confidence.MEDIUM, Attribution.OPEN, None)


@pytest.mark.parametrize("before", ["", "com", "\\n", "_", "module."])
@pytest.mark.parametrize("after", ["", "_", "...", "(", ".json", "-->"])
def test_the_verdict_is_local(before: str, after: str) -> None:
    near = " " * 64 + before + fill(LONG) + after + " " * 8
    rule = next(rule for rule in RULES if rule.kind is PERSONAL_ACCESS_TOKEN)
    verdicts = []
    for left, right in (("", ""), ("ab_" * 200, "cd_" * 200)):
        data = (left + near + right).encode()
        match = re.compile(rule.regex.encode()).search(data)
        assert match is not None
        verdict = judge(rule, Medium(data), match.start(), match.end(), NONE)
        verdicts.append(verdict and (verdict.start - len(left), verdict.end - len(left), verdict.confidence))
    assert verdicts[0] == verdicts[1]
