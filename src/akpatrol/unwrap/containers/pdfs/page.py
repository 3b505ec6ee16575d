"""Run the operators of a page as far as they set text (ISO 32000-1, 8.3, 8.4 and 9.4), and collect its pieces.

Invisible text counts, and so does text beyond the page's edge or beneath a picture: it is in the file all the same.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.pdfs.dictionary import is_dictionary, numbers
from akpatrol.unwrap.containers.pdfs.font import Font
from akpatrol.unwrap.containers.pdfs.layout import Piece, angle
from akpatrol.unwrap.containers.pdfs.tokens import operators

if TYPE_CHECKING:
    from akpatrol.unwrap.containers.pdfs.dictionary import Dictionary

    Matrix = tuple[float, float, float, float, float, float]

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
# Forms draw forms; a page that is nested deeper, or sets more, was made to be one.
_DEEPEST, _MOST_PIECES, _MOST_STATES, _MOST_FORMS = 12, 150_000, 1000, 5_000
_UNMAPPED = "\ufffd"
_FARTHEST = 1e7


class _State(NamedTuple):
    """The graphics state that an operator may save, as far as text depends on it."""

    matrix: Matrix = _IDENTITY
    font: Font | None = None
    size: float = 1.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0


class PageText:
    """The text of one page so far: ``pieces``, and ``unmapped``, the fonts in which codes say nothing.

    ``drawn`` are the keys of the streams that were run, ``flaws`` why some could not be. ``fonts`` are kept from page
    to page; ``errors`` is how many there were before.
    """

    def __init__(self, fonts: dict[object, Font], errors: int) -> None:
        self.errors = errors
        self.pieces: list[Piece] = []
        self.unmapped: set[str] = set()
        self.drawn: list[object] = []
        self.flaws: list[str] = []
        self._fonts = fonts
        self._forms = 0

    def run(self, content: bytes, resources: Any) -> None:
        """Add what a content stream sets. Raises Unreadable when it is too much."""
        _Program(self, resources, _State(), ()).run(content)

    def form(self, form: Dictionary, resources: Any, state: _State, within: tuple[object, ...]) -> None:
        """Add what a form draws, which takes the resources of what draws it where it has none."""
        key = form.key
        if key in within or len(within) >= _DEEPEST:
            return
        self._forms += 1
        if self._forms > _MOST_FORMS:
            raise Unreadable(f"it draws more than {_MOST_FORMS:,} forms")
        matrix = numbers(form.get("Matrix"))
        if len(matrix) == 6:  # noqa: PLR2004 - a matrix
            state = state._replace(matrix=_product(tuple(matrix), state.matrix))  # type: ignore[arg-type]
        own = form.get("Resources")
        try:
            content = form.data()
        except Unreadable as error:
            self.flaws.append(str(error))
            return
        self.drawn.append(key)
        _Program(self, own if is_dictionary(own) else resources, state, (*within, key)).run(content)

    def font(self, resources: Any, name: object) -> Font | None:
        """Return the font that a page calls so."""
        fonts = resources.get("Font") if is_dictionary(resources) else None
        font = fonts.get(str(name).removeprefix("/")) if is_dictionary(fonts) else None
        if not is_dictionary(font):
            return None
        if font.key not in self._fonts:
            self._fonts[font.key] = Font(font)
        return self._fonts[font.key]

    def add(self, piece: Piece) -> None:
        """Add a piece. Raises Unreadable when there are too many."""
        if len(self.pieces) >= _MOST_PIECES:
            raise Unreadable(f"its text is in more than {_MOST_PIECES:,} pieces")
        self.pieces.append(piece)


class _Program:
    """One content stream while it runs."""

    def __init__(self, page: PageText, resources: Any, state: _State, within: tuple[object, ...]) -> None:
        self._page = page
        self._resources = resources
        self._state = state
        self._within = within
        self._saved: list[_State] = []
        self._line: Matrix = _IDENTITY
        self._text: Matrix = _IDENTITY

    def run(self, content: bytes) -> None:
        for name, operands in operators(content):
            if operation := _OPERATIONS.get(name):
                try:
                    operation(self, operands)
                except (IndexError, TypeError, ValueError, OverflowError):
                    continue  # operands that are not its own: readers pass over it

    def save(self, _operands: list[Any]) -> None:
        if len(self._saved) < _MOST_STATES:
            self._saved.append(self._state)

    def restore(self, _operands: list[Any]) -> None:
        if self._saved:
            self._state = self._saved.pop()

    def transform(self, operands: list[Any]) -> None:
        self._state = self._state._replace(matrix=_product(_matrix(operands), self._state.matrix))

    def begin(self, _operands: list[Any]) -> None:
        self._line = self._text = _IDENTITY

    def set_font(self, operands: list[Any]) -> None:
        self._state = self._state._replace(
            font=self._page.font(self._resources, operands[-2]), size=float(operands[-1])
        )

    def set_state(self, operands: list[Any]) -> None:
        states = self._resources.get("ExtGState") if is_dictionary(self._resources) else None
        state = states.get(str(operands[0]).removeprefix("/")) if is_dictionary(states) else None
        font = state.get("Font") if is_dictionary(state) else None
        if isinstance(font, list) and is_dictionary(font[0]):
            self._state = self._state._replace(font=Font(font[0]), size=float(font[1]))

    def set_spacing(self, operands: list[Any]) -> None:
        self._state = self._state._replace(spacing=float(operands[0]))

    def set_word_spacing(self, operands: list[Any]) -> None:
        self._state = self._state._replace(word_spacing=float(operands[0]))

    def set_stretch(self, operands: list[Any]) -> None:
        self._state = self._state._replace(stretch=float(operands[0]) / 100)

    def set_leading(self, operands: list[Any]) -> None:
        self._state = self._state._replace(leading=float(operands[0]))

    def set_rise(self, operands: list[Any]) -> None:
        self._state = self._state._replace(rise=float(operands[0]))

    def move(self, operands: list[Any]) -> None:
        self._line = self._text = _product((1, 0, 0, 1, float(operands[0]), float(operands[1])), self._line)

    def move_and_lead(self, operands: list[Any]) -> None:
        self.set_leading([-operands[1]])
        self.move(operands)

    def set_matrix(self, operands: list[Any]) -> None:
        self._line = self._text = _matrix(operands)

    def next_line(self, _operands: list[Any]) -> None:
        self.move([0.0, -self._state.leading])

    def show(self, operands: list[Any]) -> None:
        self._shown(operands[-1:])

    def show_all(self, operands: list[Any]) -> None:
        self._shown(operands[-1])

    def show_on_next_line(self, operands: list[Any]) -> None:
        self.next_line([])
        self._shown(operands[-1:])

    def show_spaced(self, operands: list[Any]) -> None:
        self._state = self._state._replace(word_spacing=float(operands[0]), spacing=float(operands[1]))
        self.show_on_next_line(operands[2:])

    def draw(self, operands: list[Any]) -> None:
        objects = self._resources.get("XObject") if is_dictionary(self._resources) else None
        form = objects.get(str(operands[-1]).removeprefix("/")) if is_dictionary(objects) else None
        if is_dictionary(form) and form.get("Subtype") == "/Form":
            self._page.form(form, self._resources, self._state, self._within)

    def mark(self, operands: list[Any]) -> None:
        """Take the text that stands for what follows, where reading aloud or copying needs another."""
        for each in operands:
            if isinstance(each, list) and "/ActualText" in each:
                text = each[each.index("/ActualText") + 1]
                if isinstance(text, bytes) and len(text) > 3:  # noqa: PLR2004 - more than a ligature
                    spoken = (
                        text[2:].decode("utf-16-be", "replace") if text[:2] == b"\xfe\xff" else text.decode("latin-1")
                    )
                    self._page.add(Piece(spoken, -_FARTHEST, 0.0, -_FARTHEST, 0.0, 1.0, len(self._page.pieces) + 360))

    def _shown(self, items: list[Any]) -> None:
        state = self._state
        for item in items:
            if isinstance(item, bytes):
                self._string(item)
            elif isinstance(item, int | float):
                self._advance(-item / 1000 * state.size * state.stretch)

    def _string(self, string: bytes) -> None:
        state, font = self._state, self._state.font
        if not string:
            return
        whole = _product(self._text, state.matrix)
        if font is None:
            # Readers take another font, in which codes are ASCII.
            text, width = string.decode("latin-1"), 0.5 * state.size * len(string)
        else:
            parts, width = [], 0.0
            for text_of_code, wide, is_space in font.glyphs(string):
                if text_of_code is None:
                    self._page.unmapped.add(font.name)
                parts.append(_UNMAPPED if text_of_code is None else text_of_code)
                width += wide * state.size + state.spacing + (state.word_spacing if is_space else 0.0)
            text = "".join(parts)
        width *= state.stretch
        x, y = _point(whole, 0.0, state.rise)
        end_x, end_y = _point(whole, width, state.rise)
        size = abs(state.size) * hypot(whole[2], whole[3]) or 1.0
        if max(map(abs, (x, y, end_x, end_y, size))) < _FARTHEST:
            turned = angle(whole[0], whole[1]) if state.size >= 0 else angle(-whole[0], -whole[1])
        else:
            x = y = end_x = end_y = _FARTHEST
            size, turned = 1.0, len(self._page.pieces) + 360
        self._page.add(Piece(text, x, y, end_x, end_y, size, turned))
        self._advance(width)

    def _advance(self, width: float) -> None:
        self._text = _product((1, 0, 0, 1, width, 0), self._text)


_OPERATIONS = {
    b"q": _Program.save,
    b"Q": _Program.restore,
    b"cm": _Program.transform,
    b"gs": _Program.set_state,
    b"BT": _Program.begin,
    b"Tf": _Program.set_font,
    b"Tc": _Program.set_spacing,
    b"Tw": _Program.set_word_spacing,
    b"Tz": _Program.set_stretch,
    b"TL": _Program.set_leading,
    b"Ts": _Program.set_rise,
    b"Td": _Program.move,
    b"TD": _Program.move_and_lead,
    b"Tm": _Program.set_matrix,
    b"T*": _Program.next_line,
    b"Tj": _Program.show,
    b"TJ": _Program.show_all,
    b"'": _Program.show_on_next_line,
    b'"': _Program.show_spaced,
    b"Do": _Program.draw,
    b"BDC": _Program.mark,
    b"DP": _Program.mark,
}


def _matrix(operands: list[Any]) -> Matrix:
    a, b, c, d, e, f = map(float, operands[-6:])
    return a, b, c, d, e, f


def _product(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _point(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]
