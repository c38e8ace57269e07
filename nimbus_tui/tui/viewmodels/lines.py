"""Lines of text in tones, and how numbers, times and ages are written."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple
from unicodedata import combining, east_asian_width


class Cell(NamedTuple):
    """A piece of text in one tone; the theme knows the tone's colour."""

    text: str
    tone: str = "plain"
    press: str = ""
    """The key that a click on it presses; empty where it presses none."""


Line = tuple[Cell, ...]

NONE = "–"
MOST_PLACES = 8
"""Digits behind the point that any number on the screen has at most."""

FRESH_MS = 5_000
OLD_MS = 30_000
_MINUTE_MS = 60_000
_SECOND_NS = 1_000_000_000
_SOON_NS = 120 * _SECOND_NS
_SOON_STEP_S = 5
_WIDTHS = 8_192
"""Texts whose width is remembered."""
_NEAR = 8
"""Columns between two changes that cost less to write again than to step over."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BLOCKS = "▁▂▃▄▅▆▇█"
"""The eight heights of a sparkline, lowest first."""


# columns


def clean(text: str) -> str:
    """Text from outside without anything that a terminal could obey."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)


def width_of(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return len(text) if text.isascii() else _width_of_signs(text)


@lru_cache(_WIDTHS)
def _width_of_signs(text: str) -> int:
    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def line_width(line: Iterable[Cell]) -> int:
    """How many columns a line takes."""
    return sum(width_of(cell.text) for cell in line)


def changed_spans(old: Line, new: Line) -> list[tuple[int, int]]:
    """From and to which columns two lines differ; what is only a little apart is one span."""
    if not all(
        cell.text.isascii() or width_of(cell.text) == len(cell.text) for cell in (*old, *new)
    ):
        return [(0, max(line_width(old), line_width(new)))]
    before, after = ([(c, cell.tone) for cell in line for c in cell.text] for line in (old, new))
    spans: list[tuple[int, int]] = []
    for at, (one, other) in enumerate(zip_longest(before, after)):
        if one == other:
            continue
        if spans and at - spans[-1][1] <= _NEAR:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def cut(text: str, width: int) -> str:
    """Text that fits, with … where some of it is missing."""
    text = clean(text)
    if width_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if width_of(kept + character) > width - 1:
            break
        kept += character
    return f"{kept}…" if width > 0 else ""


def left(text: str, width: int, tone: str = "plain") -> Cell:
    """Text in a column, cut with … where it is too long."""
    text = cut(text, width)
    return Cell(text + " " * (width - width_of(text)), tone)


def right(text: str, width: int, tone: str = "plain") -> Cell:
    """A number in a column; one that doesn't fit shows # so that no digit is ever missing."""
    if len(text) > width:
        return Cell("#" * width, tone)
    return Cell(text.rjust(width), tone)


def blank(width: int) -> Cell:
    """A gap."""
    return Cell(" " * max(0, width))


def between(start: Sequence[Cell], end: Sequence[Cell], width: int) -> Line:
    """One part at the left edge and one at the right; the right one goes if both don't fit."""
    gap = width - line_width(start) - line_width(end)
    return (*start, blank(gap), *end) if gap > 0 else tuple(start)


def pressed_at(line: Line, column: int) -> str:
    """The key that a click on a column of a line presses; empty where it presses none."""
    end = 0
    for cell in line:
        end += width_of(cell.text)
        if column < end:
            return cell.press
    return ""


def key_cells(
    key: str, does: str, press: str, tones: tuple[str, str] = ("key", "muted")
) -> tuple[Cell, ...]:
    """A key and what it does; a click on either presses it."""
    return Cell(key, tones[0], press), Cell(does, tones[1], press)


def heading(title: str, width: int, note: Line = ()) -> Line:
    """A panel's name over a thin rule, with a note behind it."""
    start = (Cell(f" {clean(title)} ", "title"), *note)
    rest = width - line_width(start) - 1
    return (*start, Cell(f" {'─' * (rest - 1)}", "rule")) if rest > 1 else start


def paragraphs(text: str, width: int, tone: str = "plain") -> list[Line]:
    """Words wrapped to a width."""
    lines, current = [], ""
    for word in clean(text).split():
        longer = f"{current} {word}" if current else word
        if current and width_of(longer) > width:
            lines.append(current)
            longer = word
        current = longer
    return [(Cell(f" {line}", tone),) for line in (*lines, current) if line]


# numbers


def places_of(numbers: Iterable[Decimal | None]) -> int:
    """Digits behind the point that show every one of some numbers in full, within reason."""
    most = 0
    for number in numbers:
        exponent = number.as_tuple().exponent if number is not None else 0
        if isinstance(exponent, int):
            most = max(most, -exponent)
    return min(most, MOST_PLACES)


def number(value: Decimal | None, places: int = 2) -> str:
    """A number with its thousands apart and a real minus."""
    return NONE if value is None else f"{value:,.{places}f}".replace("-", "−")


def signed(value: Decimal | None, places: int = 2) -> tuple[str, str]:
    """A gain or loss with its sign, and the tone of its sign."""
    if value is None:
        return NONE, "muted"
    rounded = round(value, places)
    if not rounded:
        return f"{abs(rounded):,.{places}f}", "plain"
    return f"{rounded:+,.{places}f}".replace("-", "−"), "gain" if rounded > 0 else "loss"


def trimmed(value: Decimal, places: int = 4) -> str:
    """A number without the zeros at its end."""
    text = number(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Decimal | None, places: int = 2) -> str:
    """A share that is in percent already, with its sign."""
    return NONE if value is None else signed(value, places)[0]


# time


def age(age_ms: float | None) -> tuple[str, str]:
    """The age of data in steps, so that a quiet screen stays still."""
    if age_ms is None:
        return "no data", "warning"
    if age_ms <= FRESH_MS:
        return "fresh", "gain"
    if age_ms <= OLD_MS:
        return ">5 s old", "warning"
    if age_ms <= _MINUTE_MS:
        return ">30 s old", "loss"
    return f"{int(age_ms // _MINUTE_MS)} min old", "loss"


def clock(ts: int) -> str:
    """The time of day of a moment (ns since the epoch), UTC."""
    seconds = ts // 1_000_000_000 % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def lasting(ns: int) -> str:
    """A length of time in its two largest units."""
    minutes = max(0, ns) // 60_000_000_000
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60:02} min" if hours else f"{minutes} min"


def countdown(ns: int) -> str:
    """Time left, in steps: minutes, and seconds by fives when it is nearly over."""
    if ns <= 0:
        return "now"
    if ns >= _SOON_NS:
        return lasting(ns)
    steps = -(-ns // (_SOON_STEP_S * _SECOND_NS))
    return f"{steps * _SOON_STEP_S} s"


def moment(ts: int, now_ns: int) -> str:
    """A day and a time of day, UTC; the year instead of the time where it isn't this one."""
    then, now = (datetime.fromtimestamp(at // _SECOND_NS, UTC) for at in (ts, now_ns))
    day = f"{then.day:02} {_MONTHS[then.month - 1]}"
    return f"{day} {then.year}" if then.year != now.year else f"{day} {then:%H:%M}"


# pictures


def sparkline(values: Sequence[float], width: int) -> str:
    """The newest values as blocks, newest at the right."""
    shown = values[-width:] if width > 0 else []
    if len(shown) < 2:
        return " " * max(0, width)
    low, high = min(shown), max(shown)
    if high == low:
        return ("▄" * len(shown)).rjust(width)
    scale = (len(BLOCKS) - 1) / (high - low)
    return "".join(BLOCKS[round((value - low) * scale)] for value in shown).rjust(width)


def bar(share: float, width: int) -> str:
    """A bar from the left."""
    filled = round(min(1.0, max(0.0, share)) * width)
    return "█" * filled + "░" * (width - filled)
