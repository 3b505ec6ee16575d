"""What a delta adds to its base: the text in it, where the base is not at hand.

https://git-scm.com/docs/gitformat-pack#_deltified_representation: two sizes, then instructions. One with the highest
bit set copies from the base, and its other bits say which bytes of offset and size follow; another adds so many bytes.
"""

from __future__ import annotations


def added(delta: bytes) -> bytes:
    """Return the bytes that a delta adds, a line for each run of them, as far as it can be read."""
    position = 0
    for _ in range(2):
        while position < len(delta) and delta[position] & 0x80:
            position += 1
        position += 1
    parts: list[bytes] = []
    run: list[bytes] = []
    while position < len(delta):
        instruction = delta[position]
        position += 1
        if instruction & 0x80:
            position += (instruction & 0x7F).bit_count()
            if run:
                parts.append(b"".join(run))
                run = []
        else:
            # An addition has at most 127 bytes: a longer one continues in the next instruction.
            run.append(delta[position : position + instruction])
            position += instruction
    return b"\n".join([*parts, b"".join(run)])
