"""Lines of text in tones, and how numbers and ages are written."""

from decimal import Decimal
from typing import NamedTuple


class Cell(NamedTuple):
    """A piece of text in one tone; the theme knows the tone's colour."""

    text: str
    tone: str = "plain"


Line = tuple[Cell, ...]

NONE = "–"


def left(text: str, width: int, tone: str = "plain") -> Cell:
    """Text in a column, cut with … where it is too long."""
    cut = text if len(text) <= width else text[: max(0, width - 1)] + "…"
    return Cell(cut.ljust(width), tone)


def right(text: str, width: int, tone: str = "plain") -> Cell:
    """A number in a column."""
    return Cell(text.rjust(width)[-width:] if len(text) > width else text.rjust(width), tone)


def money(value: Decimal | None, places: int = 2) -> str:
    """An amount with thousands separated."""
    return NONE if value is None else f"{value:,.{places}f}"


def signed(value: Decimal | None, places: int = 2) -> tuple[str, str]:
    """An amount with its sign, and the tone of its sign."""
    if value is None:
        return NONE, "muted"
    rounded = round(value, places)
    if not rounded:
        return f"{abs(rounded):,.{places}f}", "plain"
    return f"{rounded:+,.{places}f}".replace("-", "−"), "gain" if rounded > 0 else "loss"


def price(value: Decimal | None) -> str:
    """A price with its own digits."""
    return NONE if value is None else f"{value:,f}"


def age(age_ms: float | None) -> tuple[str, str]:
    """The age of data in steps, so that a quiet screen stays still."""
    if age_ms is None:
        return "no data", "caution"
    if age_ms <= 5_000:
        return "fresh", "gain"
    if age_ms <= 30_000:
        return ">5 s", "caution"
    if age_ms <= 60_000:
        return ">30 s", "loss"
    return f"{int(age_ms // 60_000)} min", "loss"


def sparkline(values: list[float], width: int) -> str:
    """The newest values as blocks."""
    shown = values[-width:]
    if len(shown) < 2:
        return " " * width
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[int((v - low) / span * 7)] for v in shown).rjust(width)
