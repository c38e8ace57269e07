"""Figures of merit from an equity curve and from realised results."""

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

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


def profit_factor(results: Sequence[Decimal]) -> Decimal | None:
    """Sum of the gains over the sum of the losses; None while there is no loss."""
    gains = sum((result for result in results if result > ZERO), ZERO)
    losses = -sum((result for result in results if result < ZERO), ZERO)
    return (gains / losses).quantize(Decimal("0.0001")) if losses else None
