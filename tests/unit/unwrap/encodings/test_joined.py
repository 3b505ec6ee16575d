"""Tokens in pieces: literals that a program joins, wrapped lines, marks within a word, parts of a stream."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol import Scanner
from akpatrol.model.scan import Confidence, End
from akpatrol.rules.literals import required
from akpatrol.rules.rule import Rule
from akpatrol.unwrap.encodings import joined
from akpatrol.unwrap.encodings.line_joints import is_random
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.credential import RawFinding

    Written = Callable[[str, str, str], str]

_SCANNER = Scanner(min_confidence=Confidence.LOW)
_SEEDS = range(6)
_LOG = "2026-11-29T02:00:{:02}.{}Z ##[debug]{}\n"


def _parts(texts: Sequence[str], part: Callable[[int, str], object], before: str = "", after: str = "\n") -> str:
    return "".join(before + json.dumps(part(number, text)) + after for number, text in enumerate(texts))


def _every(size: int, text: str) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


# In each, a language or a mark says that the pieces are one text.
_SURE: dict[str, Written] = {
    "C": lambda a, b, c: f'char *k = "{a}" /* one */ "{b}"\n  "{c}";\n',
    "C, continued": lambda a, b, c: f'char *k = "{a}\\\n{b}\\\n{c}";\n',
    "C, macro": lambda a, b, c: f'#define K "{a}" \\\n  "{b}{c}"\n',
    "C++": lambda a, b, c: f'os << "{a}" << "{b}" << "{c}";\n',
    "Elixir": lambda a, b, c: f'k = "{a}" <> "{b}" <> "{c}"\n',
    "Go": lambda a, b, c: f'const k = "{a}" +\n\t"{b}" +\n\t"{c}"\n',
    "Haskell": lambda a, b, c: f'k = "{a}" ++ "{b}{c}"\n',
    "Java": lambda a, b, c: f'k = new StringBuilder().append("{a}").append("{b}{c}").toString();\n',
    "JavaScript": lambda a, b, c: f"k = '{a}' + // one\n  `{b}` +\n  '{c}';\n",
    "JavaScript, a list": lambda a, b, c: f"k = ['{a}', '{b}','{c}'].join('');\n",
    "JavaScript, concat": lambda a, b, c: f'k = "{a}".concat("{b}").concat("{c}");\n',
    "Lua": lambda a, b, c: f'local k = "{a}" .. "{b}" .. "{c}"\n',
    "PHP": lambda a, b, c: f"$k = '{a}'.'{b}' . '{c}';\n",
    "PHP, appended": lambda a, b, c: f"$k = '{a}';\n$k .= '{b}{c}';\n",
    "PowerShell": lambda a, b, c: f'$k = "{a}" + `\n "{b}{c}"\n',
    "Python": lambda a, b, c: f'KEY = ("{a}"\n       "{b}"\n       r"{c}")\n',
    "Python, a list": lambda a, b, c: f"KEY = ''.join(['{a}', '{b}', '{c}'])\n",
    "Python, continued": lambda a, b, c: f"KEY = '{a}' \\\n      '{b}{c}'\n",
    "SQL": lambda a, b, c: f"SELECT '{a}' || '{b}' || '{c}';\n",
    "SQL, concat": lambda a, b, c: f"SELECT CONCAT('{a}', '{b}', '{c}');\n",
    "Visual Basic": lambda a, b, c: f'k = "{a}" & _\r\n   "{b}" & _\r\n   "{c}"\r\n',
    "notebook": lambda a, b, c: json.dumps({"source": [f"k = '{a}' + \\\n", f"  '{b}' '{c}'\n"]}),
    "patch": lambda a, b, c: f'@@ -1 +1,3 @@\n+k = ("{a}" +\n+     "{b}"\n+     "{c}")\n',
    "shell": lambda a, b, c: f'KEY="{a}"\'{b}\'"{c}"\n',
    "shell, appended": lambda a, b, c: f'KEY="{a}"\nKEY+="{b}"\nKEY+="{c}"\n',
    "shell, continued": lambda a, b, c: f"export KEY={a}\\\n{b}\\\n{c}\n",
    "YAML, continued": lambda a, b, c: f'a:\n  key: "{a}\\\n    {b}{c}"\n',
    "backspaces": lambda a, b, c: f"KEY={a}x\b \b{b}{c}\n",
    "colour of grep": lambda a, b, c: f"x:KEY=\x1b[01;31m\x1b[K{a}\x1b[m\x1b[K{b}{c}\n",
    "colour of grep within": lambda a, b, c: f"x:KEY={a}\x1b[01;31m\x1b[K{b}\x1b[m\x1b[K{c}\n",
    "colour of each": lambda a, b, c: "".join(f"\x1b[38;5;{n}m{one}\x1b[39m" for n, one in enumerate(a + b + c)) + "\n",
    "overstruck": lambda a, b, c: "KEY=" + "".join(f"{one}\b{one}" for one in a + b + c) + "\n",
    "underlined": lambda a, b, c: "KEY=" + "".join(f"_\b{one}" for one in a + b + c) + "\n",
    "no width": lambda a, b, c: f"key {a}\u200b{b}\u200b{c}\u200b end\n",
    "soft hyphen": lambda a, b, c: f"<p>{a}\u00ad{b}&shy;{c}</p>\n",
    "wbr": lambda a, b, c: f"<td>{a}<wbr>{b}<wbr/>{c}</td>\n",
    "references": lambda a, b, c: f"<td>{a}&#8203;{b}&#x200B;{c}</td>\n",
    "colour of grep in JSON": lambda a, b, c: json.dumps({"log": f"KEY=\x1b[01;31m\x1b[K{a}\x1b[m\x1b[K{b}{c}\n"}),
    "hit of a search": lambda a, b, c: f"<td><mark>{a[:4]}</mark>{a[4:]}{b}{c}</td>\n",
}
_GUESSED: dict[str, Written] = {
    "YAML, folded": lambda a, b, c: f"a:\n  key: >-\n    {a}\n    {b}{c}\n  other: x\n",
    "YAML, block": lambda a, b, c: f"a:\n  key: |\n    {a}\n    {b}{c}\n  other: x\n",
    "YAML, plain": lambda a, b, c: f"key: {a}{b}\n  {c}\nother: 1\n",
    "log of a job": lambda a, b, c: _LOG.format(0, 1, f"the key of this long line is {a}{b}") + _LOG.format(0, 1234, c),
    "log of compose": lambda a, b, c: f"web-1  | INFO starting up with this key {a}{b}\nweb-1  | {c}\nweb-1  | ok\n",
    "mail": lambda a, b, c: f"> Hello, this is the key that you asked me for: {a}\n> {b}{c} thanks\n>\n",
    "patch, wrapped": lambda a, b, c: f"@@ -1 +1 @@\n+# This is a key that somebody wrapped here {a}\n+{b}{c}\n",
    "log of Kubernetes": lambda a, b, c: (
        f"2026-11-29T02:00:00.123Z stdout P a long line with KEY={a}\n2026-11-29T02:00:00.124Z stdout F {b}{c} ok\n"
    ),
    "log of GitLab": lambda a, b, c: (
        f"2026-11-29T02:00:00.1Z 00O a long line with the key {a}\n2026-11-29T02:00:00.1Z 00O+{b}{c}\n"
    ),
    "at 72": lambda a, b, c: "\n".join(_every(72, "lorem ipsum dolor sit " * 6 + a + b + c + " and more behind that")),
}
_STREAMED: dict[str, Written] = {
    "events": lambda a, b, c: _parts(
        ["The key", " is ", a[:6], a[6:], b, c, " ok"],
        lambda _, text: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}},
        "event: content_block_delta\ndata: ",
        "\n\n",
    ),
    "choices": lambda a, b, c: _parts(
        ["a key", " `", *_every(3, a + b + c), "`"],
        lambda _, text: {"id": "c-1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
        "data: ",
        "\n\n",
    ),
    "prefix in two parts": lambda a, b, c: _parts(
        [" " + a.partition("_")[0], "_" + a.partition("_")[2], b, c], lambda _, text: {"delta": {"content": text}}
    ),
    "lines": lambda a, b, c: _parts(
        ["x ", a, b, c, "."], lambda n, text: {"type": "partial", "index": n, "delta": text}
    ),
    "asciinema, keys": lambda a, b, c: _parts(list(a + b + c), lambda n, text: [n / 10, "i", text]),
    "asciinema, coloured": lambda a, b, c: _parts(
        list(a + b + c), lambda n, text: [n, "o", f"\x1b[4m{text}\x1b[24m" if n % 3 else text]
    ),
    "asciinema": lambda a, b, c: _parts(list(a + b + c), lambda n, text: [n / 10, "o", text]),
}


def _tokens(seed: int) -> list[str]:
    rng = Random(seed)
    return [organization_key(rng, secret_length=40), personal_access_token(rng)]


def _scan(text: str) -> list[RawFinding]:
    return list(_SCANNER.scan(text))


def _check(written: Written, *, ending: End | None = None) -> None:
    for seed in _SEEDS:
        for token in _tokens(seed):
            first = 6 + seed
            text = written(token[:first], token[first:30], token[30:])
            (hit,) = _scan(text)
            match = hit.match
            assert match.secret.reveal() == token.encode(), text
            assert match.confidence <= Confidence.MEDIUM
            assert match.encodings[-1] == "joined"
            if ending:
                assert match.ending is ending


@pytest.mark.parametrize("form", _SURE)
def test_pieces_that_are_one_text(form: str) -> None:
    _check(_SURE[form], ending=End.CERTAIN)


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("joint", [" + ", "\n    ", " ", "+", " . ", " & ", " ||\n   ", " \\\n"])
def test_a_prefix_in_pieces(joint: str, quote: str) -> None:
    for token in _tokens(3):
        for cut in range(1, token.index("_") + 1):
            (hit,) = _scan(f"KEY = {quote}{token[:cut]}{quote}{joint}{quote}{token[cut:]}{quote}\n")
            assert hit.match.secret.reveal() == token.encode()
            assert hit.match.confidence <= Confidence.MEDIUM


@pytest.mark.parametrize("form", _GUESSED)
def test_pieces_that_are_probably_one_text(form: str) -> None:
    _check(_GUESSED[form], ending=End.UNCERTAIN)


@pytest.mark.parametrize("form", _STREAMED)
def test_parts_of_a_stream(form: str) -> None:
    _check(_STREAMED[form], ending=End.CERTAIN)


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_a_terminal_wraps_at_any_place(width: int) -> None:
    words = "the quick brown key jumps over this lazy token and so on here it is " * 9
    for cut in range(4, 40):
        for token in _tokens(cut):
            text = f"{words[: 2 * width - cut - 1]} {token} and more words behind it\n"
            found = {hit.match.secret.reveal().decode() for hit in _scan("\n".join(_every(width, text)))}
            # What is left over of a token may look like a word.
            assert found == {token} or (len(token) - cut < 8 and found == {token[:cut]})


@pytest.mark.parametrize("width", [40, 44, 48])
def test_one_other_line_of_the_same_length_shows_a_wrapped_log(width: int) -> None:
    for seed in range(12):
        for token in _tokens(seed):
            text = f"anyreach token {token} was used by the job that ran last night and the night before"
            (hit, *others) = _scan("".join(f"2026-01-02T03:04:05Z job | {part}\n" for part in _every(width, text)))
            assert not others
            assert (hit.match.secret.reveal().decode(), hit.match.ending) == (token, End.UNCERTAIN)


def _whole(rng: Random) -> list[Callable[[str], str]]:
    digest, other = random_text(rng, "hex", 40), random_text(rng, "base62", 24)
    return [
        lambda token: f"KEY={token}\nABC12345x9=foo\n",
        lambda token: f"{token}\n{digest}\n",
        lambda token: f"{token}\n{other}\n",
        lambda token: f"name: {token}\nsha: {digest}\n",
        lambda token: f'login "{token}" "staging-2"\nfoo("{token}", "{other}")\n',
        lambda token: f"<td>{token}</td><td>{digest}</td><b>{token}</b> <i>foo</i> {token}<br>foo\n",
        lambda token: json.dumps({"text": token}) + "\n" + json.dumps({"text": "and then"}) + "\n",
        lambda token: json.dumps({"log": token + "\n"}) + "\n" + json.dumps({"log": digest}) + "\n",
        lambda token: f"Use the key that I sent to you yesterday, which is {token}\nAPIs work\n",
        lambda token: json.dumps([token, other]) + json.dumps({"id": token, "text": other}) + "\n",
        lambda token: f"tokens:\n  - {token}\n  - {other}\n",
        lambda token: f"tokens: |\n  {token}\n  {other}\n",
        lambda token: f"\x1b[32m{token}\x1b[0mms\n",
        lambda token: f"{token},{other}\n",
        lambda token: f"token={token}\ntoken={other}\n",
        lambda token: f"{token:>60}\n{other:>60}\n",
        lambda token: (
            f"token of the first of them: {token}\ntoken of the second of it: {other[:12]} ok {token[:0]:30}\n"
        ),
    ]


@pytest.mark.parametrize("number", range(len(_whole(Random(0)))))
def test_what_is_whole_is_not_joined_with_what_follows(number: int) -> None:
    for seed in _SEEDS:
        for token in _tokens(seed):
            hits = _scan(_whole(Random(seed))[number](token))
            assert {(hit.match.secret.reveal(), hit.match.ending) for hit in hits} == {(token.encode(), End.CERTAIN)}
            assert all("joined" not in hit.match.encodings for hit in hits)


@pytest.mark.parametrize(
    "text",
    [
        'k = "ak_" + "your_key_id_goes_here.your_secret_goes_here"\n',
        'break_" + "abcdefghijkl.mnopqrstuvwxyzabcdef"\n',
        "'compat_' 'something_that_is_long_enough_here'\n",
        "pat_ids:\n  pat_one\n  pat_two\n",
        "ak_\x1b[mfoo bar pat_\u200bfoo\n",
        '{"text":"pat_"}\n{"text":"tern matching is a feature"}\n',
    ],
)
def test_words_are_no_credential(text: str) -> None:
    assert not _scan(text)


def test_pieces_begin_with_what_a_secret_begins_with() -> None:
    """A name in front of a secret is no part of a token in pieces, and stands everywhere."""
    name, prefix = (required(Rule("own", "", regex)) for regex in (r"acme: ([0-9]{20})", r"(acme_[0-9]{20})"))
    assert joined.encodings(name) == ()
    (of_prefix,) = joined.encodings((*name, *prefix))
    (alone,) = joined.encodings(prefix)
    assert of_prefix.triggers == alone.triggers


def test_a_token_after_another_is_its_own() -> None:
    for seed in _SEEDS:
        tokens = _tokens(seed)
        hits = _scan(f'k = "{tokens[0]}" "{tokens[1]}"\n{tokens[0]}\n{tokens[1]}\n')
        assert {hit.match.secret.reveal().decode() for hit in hits} == set(tokens)


def test_a_joined_token_is_where_its_pieces_are() -> None:
    token = _tokens(1)[0]
    before, text = "x = '", f"{token[:9]}' + '{token[9:]}"
    (hit,) = _scan("\n\n" + before + text + "'\n")
    assert (hit.line, hit.column) == (3, len(before) + 1)
    assert hit.match.end - hit.match.start == len(text)


def test_random_text_changes_its_characters() -> None:
    rng = Random(3)
    assert sum(is_random(random_text(rng, "base62", 20).encode()) for _ in range(200)) > 190
    for word in (b"staging-2", b"us-east-1", b"somethingElse", b"README.md", b"node18", b"ab", b""):
        assert not is_random(word)
