"""Decimals as Hyperliquid hashes them.

Source: the protocol reference, "Price, size and notional rules". The venue encodes numbers again
before it checks a signature, so a trailing zero makes a wrong signature, not a formatting error.
"""

from decimal import Decimal

MOST_DECIMALS = 8
"""Of any number in an action."""


def wire_number(number: Decimal) -> str:
    """A number for an action: no exponent, no trailing zeros, no `-0`.

    Raises:
        ValueError: it isn't finite or has more than eight decimals. It is never rounded here.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is not a number that can be sent")
    if not number:
        return "0"
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text.partition(".")[2]) > MOST_DECIMALS:
        raise ValueError(f"{text} has more than {MOST_DECIMALS} decimals")
    return text
