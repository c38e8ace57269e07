"""Which assets move together, from their hourly closes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import combinations
from math import log, sqrt

from nimbus_tui.core.ids import Asset
from nimbus_tui.risk.states import Closes

WINDOW_HOURS = 30 * 24
FEWEST_RETURNS = WINDOW_HOURS * 9 // 10
"""With fewer returns in common than this the window is not the one that is claimed: no data."""

Returns = Mapping[int, float]
"""Log returns by hour since the epoch: of the hour that ends there."""


def log_returns(closes: Mapping[int, Decimal], now_hour: int) -> Returns:
    """The hourly log returns of the last 30 days; hours beside a gap have none."""
    first = now_hour - WINDOW_HOURS
    return {
        hour: log(close / closes[hour - 1])
        for hour, close in closes.items()
        if first < hour <= now_hour and closes.get(hour - 1, 0) > 0 and close > 0
    }


def rho(one: Returns, other: Returns) -> float | None:
    """Correlation of the hours that both have, −1 … 1; None where there is too little to say."""
    hours = one.keys() & other.keys()
    if len(hours) < FEWEST_RETURNS:
        return None
    mean_one = sum(one[hour] for hour in hours) / len(hours)
    mean_other = sum(other[hour] for hour in hours) / len(hours)
    pairs = [(one[hour] - mean_one, other[hour] - mean_other) for hour in hours]
    spread = sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
    return sum(a * b for a, b in pairs) / spread if spread > 0 else None


def clusters(
    assets: Iterable[Asset], closes: Closes, now_hour: int, correlated_from: Decimal
) -> tuple[frozenset[Asset], ...]:
    """Assets that move together, directly or through others; no data counts as together.

    `now_hour` is the last whole hour since the epoch.
    """
    names = sorted(set(assets))
    returns = {name: log_returns(closes.get(name, {}), now_hour) for name in names}
    group = {name: frozenset({name}) for name in names}
    for one, other in combinations(names, 2):
        if group[one] is group[other]:
            continue
        measured = rho(returns[one], returns[other])
        if measured is None or abs(measured) >= float(correlated_from):
            joined = group[one] | group[other]
            group |= dict.fromkeys(joined, joined)
    return tuple(sorted(set(group.values()), key=sorted))
