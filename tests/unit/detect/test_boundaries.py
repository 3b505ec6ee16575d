from __future__ import annotations

import pytest

from akpatrol.detect.boundaries import (
    Edge,
    comment_close,
    emphasis,
    file_extension,
    left_edge,
    right_edge,
)

FREE = [
    b"", b'"', b"'", b"=", b":", b" ", b"/", b"@", b">", b"(", b"[", b"-", b"\n", b"\x00", b"\x1f",
    "é".encode(),
    b"**", b"&quot;", b"...", b" .", b"Bearer ", b'{"k":"', b"#", b"?", b"b'",
]  # fmt: skip
ESCAPED = [
    rb"\n", rb"\t", rb"\r", rb"\\n", rb"\\\\n", b"`n", b"%3D", b"%3d", b"%20", b"%253D", b"%25253D",
    b"%u003D",
    rb"\u003d", rb"\\u0022", rb"\x3d", rb"\U0000003d", rb"\075", rb"\0", b"=3D", b"_x000D_", b"\x1b[31m",
    b"\x1b[0K",
    b"\x1b(B", rb"\x1b[31m", rb"\033[1m", rb"\u001b[0;32m", rb"\e[m", b"^[[1m", b"[32m", b"[0;1m",
    b"&quot;", b"&#61;", b"&#x3d;", b"&gt;", b"&amp;#61;", b"&amp;quot;",
    b"\x1b[38;2;255;255;255m", b"\x1b[38:2::255:0:0m", rb"\u001b[1;38;2;255;255;255;48;2;255;255;255m", b"\x9b1m",
    rb"\u{1b}[0m", b"\xc2\x9b31m",
]  # fmt: skip
INSIDE = [
    b"com", b"bre", b"github_", b"dckr_", b"X", b"9", b"_", b"a_", b"%5F", b"%255f", rb"\x5f", rb"\u005F",
    rb"\137",
    b"%zz", b"C:\\github_", b"100a", b"x000D_", b"=3d",
    b"github&#95;", b"github&#x5F;", b"compat&lowbar;", b"&#97;",
]  # fmt: skip


@pytest.mark.parametrize("before", FREE + ESCAPED)
def test_a_prefix_after_this_stands_free(before: bytes) -> None:
    assert left_edge(before + b"pat_", len(before)) is Edge.CLEAN


@pytest.mark.parametrize("before", INSIDE)
def test_a_prefix_after_this_is_a_piece_of_a_word(before: bytes) -> None:
    assert left_edge(before + b"pat_", len(before)) is Edge.INSIDE


@pytest.mark.parametrize("before", [b"module.", b"call().", b"items[0].", b"$", b"${"])
def test_a_prefix_after_this_looks_like_a_name(before: bytes) -> None:
    assert left_edge(before + b"pat_", len(before)) is Edge.DOUBTFUL


@pytest.mark.parametrize(
    ("after", "edge"),
    [
        (b"", Edge.CLEAN), (b".", Edge.CLEAN), (b",", Edge.CLEAN), (b'"', Edge.CLEAN), (rb"\n", Edge.CLEAN),
        (b"%26", Edge.CLEAN), (b"&amp;", Edge.CLEAN), (b".json", Edge.CLEAN), (b"**", Edge.CLEAN),
        (b"==", Edge.CLEAN),
        (b"\x00", Edge.CLEAN), ("é".encode(), Edge.CLEAN), (b"<", Edge.CLEAN), (b"[0m", Edge.CLEAN),
        (b"x", Edge.INSIDE), (b"-", Edge.INSIDE), (b"_", Edge.INSIDE), (b"7", Edge.INSIDE),
        (b"(", Edge.DOUBTFUL), (b"{", Edge.DOUBTFUL), (b"${x}", Edge.DOUBTFUL), (b"%(x)s", Edge.DOUBTFUL),
        (b"...", Edge.CUT), ("…".encode(), Edge.CUT), (b"****", Edge.CUT), (b"&hellip;", Edge.CUT),
        (b"[...]", Edge.CUT), (b"&bull;", Edge.CUT), (b"[0]", Edge.CLEAN), (b"\\u0026x", Edge.CLEAN), (b".pem",
        Edge.CLEAN),
        (b"\x1b[0m", Edge.CLEAN), (b"&quot;", Edge.CLEAN), (b"%26x=", Edge.CLEAN), (b")", Edge.CLEAN), (b"]",
        Edge.CLEAN),
    ],
)  # fmt: skip
def test_right_edge(after: bytes, edge: Edge) -> None:
    assert right_edge(b"body" + after, 4) is edge


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"_body_", 1),
        (b" __body__", 2),
        (b"*___body___", 3),
        (b"_body", 0),
        (b"a_body_", 0),
        (b"__body_", 0),
        (b"body", 0),
    ],
)
def test_emphasis(data: bytes, count: int) -> None:
    assert emphasis(data, data.index(b"body"), len(data)) == count


@pytest.mark.parametrize(("data", "count"), [(b"body-->", 2), (b"body--", 0), (b"body->", 0), (b"body>", 0)])
def test_comment_close(data: bytes, count: int) -> None:
    assert comment_close(data, len(data.rstrip(b">"))) == count


@pytest.mark.parametrize(
    ("after", "expected"), [(b".js", True), (b".min.js", True), (b".css?v", True), (b".jsx", False)]
)
def test_file_extension(after: bytes, expected: bool) -> None:
    assert file_extension(b"body" + after, 4) is expected


def test_what_stands_further_away_does_not_matter() -> None:
    for before in FREE + ESCAPED + INSIDE:
        near = b" " * 64 + before
        assert left_edge(b"x\\" * 300 + near, 600 + len(near)) is left_edge(near, len(near))
