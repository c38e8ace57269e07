"""The ASCII twin of every sign: what a terminal shows whose text isn't UTF-8."""

from unicodedata import combining

from nimbus_tui.tui.viewmodels.lines import BLOCKS, width_of

TWINS = {
    # states and sides
    "●": "*", "○": "o", "◌": ".", "◐": "%", "◆": "#", "◇": "<", "■": "#", "⊘": "0",
    "✓": "+", "✗": "x", "‖": "=", "▲": "^", "▼": "v", "▶": ">", "◀": "<", "↷": "~",
    # arrows
    "←": "<", "→": ">", "↑": "^", "↓": "v", "↔": "-", "↕": "|", "⇧": "^", "★": "*",
    # lines and boxes
    "─": "-", "━": "=", "│": "|", "┃": "|", "┄": "-", "┊": ":", "╌": "-", "═": "=", "║": "|",
    "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "╔": "+", "╗": "+", "╚": "+", "╝": "+",
    "╸": "-", "╺": "-",
    # bars and blocks
    "█": "#", "▓": "#", "▒": ":", "░": ".", "▌": "|", "▐": "|", "▀": "^", "▊": "#", "▎": "|",
    "▔": "-", "▕": "|", "▏": "|", "▍": "|", "▋": "#", "▉": "#",
    # writing
    "–": "-", "—": "-", "−": "-", "…": "~", "·": ".", "•": "*", "×": "x", "÷": "/", "±": "~",
    "≤": "<", "≥": ">", "≈": "~", "Σ": "S", "µ": "u", "°": "o", "‹": "<", "›": ">", "§": "S",
    "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "«": "<", "»": ">",
    "⌊": "[", "⌋": "]", "⁻": "-",
    "¹": "1", "²": "2", "³": "3", "¼": "/", "½": "/", "¾": "/", "€": "E", "£": "L", "₿": "B",
    "\xa0": " ",
    **dict(zip(BLOCKS, "_.-~=+*#", strict=True)),
}  # fmt: skip
"""One sign for one, so that no column moves."""

_MISSING = "?"
_BRAILLE = range(0x2800, 0x2900)
_UPPER, _LOWER = 0x1B, 0xE4
"""The dots of a braille cell's upper and lower two rows."""
_LAST_ASCII = 0x7F


class _Table(dict[int, str]):
    """What `str.translate` asks; signs without a twin keep their width."""

    def __missing__(self, code: int) -> str:
        return self.setdefault(code, _twin(chr(code)))


def _twin(character: str) -> str:
    code = ord(character)
    if code <= _LAST_ASCII:
        return character
    if code in _BRAILLE:
        return _dots(code - _BRAILLE.start)
    if combining(character):
        return ""
    return _MISSING * width_of(character)


def _dots(bits: int) -> str:
    """A braille cell by where its dots are: above, below or both."""
    if not bits:
        return " "
    if not bits & _LOWER:
        return "'"
    return ":" if bits & _UPPER else "."


_TABLE = _Table(str.maketrans(TWINS))


def ascii_only(text: str) -> str:
    """A text in ASCII, as wide as it was; escape sequences stay what they are."""
    return text if text.isascii() else text.translate(_TABLE)
