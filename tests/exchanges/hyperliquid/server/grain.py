"""How the venue prints numbers, and which prices and sizes it takes.

Written from the protocol reference ("Price, size and notional rules") without a look at the code
that it is there to test.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

FIGURES = 5
PERP_DECIMALS = 6
SPOT_DECIMALS = 8


def text(value: Decimal | int) -> str:
    """At least one decimal, no padding: `2400.0`, `0.0147`."""
    value = Decimal(value)
    plain = f"{value:f}" if value else "0"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain if "." in plain else f"{plain}.0"


def stripped(number: str) -> str:
    """The number as the venue re-encodes it before hashing: no trailing zeros, no exponent."""
    return text(Decimal(number)).removesuffix(".0")


def decimals_of(value: Decimal) -> int:
    """How many digits stand behind the point, zeros at the end not counted."""
    shown = stripped(str(value))
    return len(shown.partition(".")[2])


def figures_of(value: Decimal) -> int:
    """How many significant figures there are."""
    return len(stripped(str(value)).replace(".", "").strip("0-"))


def most_decimals(*, spot: bool, sz_decimals: int) -> int:
    """How many decimals a price may have."""
    return (SPOT_DECIMALS if spot else PERP_DECIMALS) - sz_decimals


def has_too_many_figures(px: Decimal) -> bool:
    """More than five significant figures; whole prices are always allowed."""
    return decimals_of(px) > 0 and figures_of(px) > FIGURES


def has_too_many_decimals(px: Decimal, *, spot: bool, sz_decimals: int) -> bool:
    """More decimals than the asset's prices have."""
    return decimals_of(px) > most_decimals(spot=spot, sz_decimals=sz_decimals)


def snap(px: Decimal, *, spot: bool, sz_decimals: int, up: bool = False) -> Decimal:
    """The nearest valid price below (or above)."""
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    snapped = px.quantize(tick(px, spot=spot, sz_decimals=sz_decimals), rounding=rounding)
    return snapped.quantize(tick(snapped, spot=spot, sz_decimals=sz_decimals), rounding=rounding)


def tick(px: Decimal, *, spot: bool, sz_decimals: int) -> Decimal:
    """The step between valid prices at a price."""
    shown = most_decimals(spot=spot, sz_decimals=sz_decimals)
    if px <= 0:
        return Decimal(1).scaleb(-shown)
    return Decimal(1).scaleb(-min(max(FIGURES - 1 - px.adjusted(), 0), shown))
