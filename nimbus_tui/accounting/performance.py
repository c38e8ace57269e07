"""Figures of merit from an equity curve, and what doing nothing would have brought."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from nimbus_tui.core.ids import Symbol

ZERO = Decimal(0)
_DAY_NS = 86_400_000_000_000


def drawdown(equity: Decimal, peak: Decimal) -> Decimal:
    """Fall from the peak as a share of the peak: 0 at a new high, 1 when all is lost."""
    return (peak - equity) / peak if peak > ZERO else ZERO


def sharpe(curve: Sequence[tuple[int, Decimal]]) -> float | None:
    """Annualised Sharpe ratio of the UTC days' returns (365 days, no risk-free rate).

    None with fewer than three days or when nothing moved.
    """
    closes: dict[int, Decimal] = {}
    for ts, equity in curve:
        closes[ts // _DAY_NS] = equity
    values = [float(value) for value in closes.values()]
    returns = [b / a - 1 for a, b in pairwise(values) if a > 0]
    if len(returns) < 2:
        return None
    mean = sum(returns) / len(returns)
    variance = sum((r - mean) ** 2 for r in returns) / (len(returns) - 1)
    return mean / math.sqrt(variance) * math.sqrt(365) if variance > 0 else None


def max_drawdown(curve: Sequence[tuple[int, Decimal]]) -> Decimal:
    """The worst fall from an earlier peak of an equity curve, as a share of that peak.

    The first point is the first peak, so a loss from the very start counts.
    """
    peak = worst = ZERO
    for _, equity in curve:
        peak = max(peak, equity)
        worst = max(worst, drawdown(equity, peak))
    return worst


def buy_and_hold(
    capital: Decimal, first: Mapping[Symbol, Decimal], last: Mapping[Symbol, Decimal]
) -> Decimal | None:
    """What the capital would be worth now, had it all bought at the first prices, free of fees.

    Several symbols get equal shares. None where a price is missing.
    """
    if not first or not first.keys() <= last.keys():
        return None
    growth = sum((last[symbol] / price for symbol, price in first.items()), ZERO)
    return (capital * growth / len(first)).quantize(Decimal("1e-10"))
