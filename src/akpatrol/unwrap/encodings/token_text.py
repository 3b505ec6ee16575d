"""What a token is written with, and marks in it that no reader sees.

Control sequences: ECMA-48 section 5.4, and what ``grep --color`` writes (SGR and EL). Overstriking: what ``nroff``
writes and ``less`` reads. Zero width space and soft hyphen: Unicode 15.1 section 23.2. ``<wbr>``: the HTML standard,
section 4.5.28.
"""

from __future__ import annotations

from typing import Final

TOKEN: Final = rb"[0-9A-Za-z_.-]"
NOISE: Final = (
    rb"(?:(?:\x1b|\\{1,3}(?:u001[bB]|x1[bB]|033|e))\[[0-9;:]{0,24}[mK]|\x1b\(B|\x0f|\x1b\]8;[^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)"
    rb"|[!-~]\x08 \x08|[!-~]\x08|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xc2\xad|\xef\xbb\xbf"
    rb"|</?(?:wbr|mark|em|b|strong|i|u|span|font|code|kbd|small|big|ins|hl)(?:[ /][^<>\n]{0,160})?>"
    rb"|&(?:shy|zwnj|zwj|ZeroWidthSpace|NoBreak|#820[345]|#x200[bB-dD]|#173|#x[aA][dD]|#8288|#x2060|#65279);)"
)
# What a joint begins with.
JOINT_BYTES: Final = frozenset(bytes([byte]) for byte in b"\"'`\x1b\x08\x0f\xe2\xc2\xef<&\\\r\n^ \t")
LONGEST: Final = 400  # characters of a token
