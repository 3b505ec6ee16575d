from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect._bigrams import ROWS
from akpatrol.detect.likelihood import LONGEST, SYMBOLS, ceiling, is_placeholder, score
from tests import credentials

WORDS = [
    "get_default_configuration", "AbstractSingletonProxyFactoryBean", "MAXIMUM_CONNECTION_ATTEMPTS",
    "btn-primary-large",
    "GL_COMPRESSED_SRGB8_ALPHA8_ASTC_12x10_KHR", "x86_64_unknown_linux_gnu",
    "replace_this_with_your_own_token",
    "krankenversicherungsnummer", "numeroDeSecuriteSociale", "test_reads_utf8_bytes_from_stdin",
    "my_super_secret_token_123",
    "k8s_svc_acct_tok_mgmt_cfg", "v1beta1_custom_resource_definition", "2024-01-02_quarterly_report_final",
]  # fmt: skip
PLACEHOLDERS = [
    "x" * 24, "abcdefghijklmnopqrst", "0123456789abcdef0123", "12345678" * 3, "qwertyuiopasdfghjklz",
    "a1b2c3d4e5f6g7h8i9j0",
    "abc123def456ghi789jkl012", "ABC123XYZ789ABC123XYZ789", "deadbeef" * 3,
    "aaaaaaaabbbbccccddddeeeeeeeeeeee", "K7MDENGbPxRfiCYEXAMPLE",
    "9f3fakeQ7x0Lr2", "00000000000000000000", "zyxwvutsrqponmlkjihg",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_words_score_below_zero(word: str) -> None:
    assert score(word.encode()) < 0


@given(st.text([chr(byte) for byte in SYMBOLS], max_size=140) | st.sampled_from(WORDS), st.integers(1, 30))
def test_no_beginning_scores_above_the_ceiling(text: str, least: int) -> None:
    encoded = text.encode()
    scores = [score(encoded[:length]) for length in range(least, len(encoded) + 1)]
    bound = ceiling(encoded, least)
    assert bound >= 0 or bound >= max(scores, default=bound)


@pytest.mark.parametrize("name", credentials.ALPHABETS)
def test_random_text_scores_above_zero(name: str) -> None:
    rng = Random(name)
    low = sum(score(credentials.random_text(rng, name, 20).encode()) < 4 for _ in range(2000))
    assert low <= 4


@pytest.mark.parametrize("name", credentials.ALPHABETS)
@pytest.mark.parametrize("length", [4, 12, 20, 40, 64])
def test_random_text_is_no_placeholder(name: str, length: int) -> None:
    rng = Random(f"{name} {length}")
    assert sum(is_placeholder(credentials.random_text(rng, name, length).encode()) for _ in range(1000)) <= 1


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text.encode())


def test_a_uuid_scores_like_its_digits() -> None:
    rng = Random(1)
    text = credentials.uuid4(rng).encode()
    assert score(text) == score(text.replace(b"-", b""))


def test_only_the_beginning_of_a_long_text_is_scored() -> None:
    text = credentials.random_text(Random(2), "base62", LONGEST).encode()
    assert score(text) == score(text + b"_and_more_words" * 8)


def test_the_table_has_a_row_for_each_symbol_and_the_beginning() -> None:
    assert len(ROWS) == len(SYMBOLS) + 1
    assert {len(row) for row in ROWS} == {len(SYMBOLS)}


def test_importing_it_loads_nothing_heavy() -> None:
    script = "import sys; import akpatrol.detect.judge; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"json", "hashlib", "numpy", "random", "ahocorasick", "hyperscan", "asyncio"} & set(loaded)
