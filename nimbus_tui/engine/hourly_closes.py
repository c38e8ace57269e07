"""Hourly closing prices of what is traded, for the correlation of assets; kept by the journal."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Asset
from nimbus_tui.journal.base import Journal
from nimbus_tui.risk.correlation import WINDOW_HOURS, clusters

HOUR_NS = 3600 * NS_PER_SECOND


class HourlyCloses:
    """The last price of each hour by asset, over the window that correlations look at."""

    def __init__(self, journal: Journal, correlated_from: Decimal) -> None:
        self._journal = journal
        self._correlated_from = correlated_from
        self._closes: dict[Asset, dict[int, Decimal]] = {}
        self._newest: dict[Asset, tuple[int, Decimal]] = {}
        self._unsaved: set[Asset] = set()
        self._found: tuple[int, frozenset[Asset], tuple[frozenset[Asset], ...]] | None = None

    def look_from(self, correlated_from: Decimal) -> None:
        """From which correlation on assets count as one."""
        self._correlated_from, self._found = correlated_from, None

    def price(self, asset: Asset, price: Decimal, ts: int) -> None:
        """A price; the last one before a full hour is that hour's close."""
        hour = ts // HOUR_NS
        before = self._newest.get(asset)
        if before is not None and before[0] < hour:
            self._of(asset)[before[0] + 1] = before[1]
            self._unsaved.add(asset)
        self._newest[asset] = (hour, price)

    def clusters(self, assets: set[Asset], now: int) -> tuple[frozenset[Asset], ...]:
        """Which of some assets move together; worked out once an hour."""
        hour, names = now // HOUR_NS, frozenset(assets)
        if self._found is None or self._found[:2] != (hour, names):
            closes = {asset: self._of(asset) for asset in names}
            found = clusters(names, closes, hour, self._correlated_from)
            self._found = (hour, names, found)
        return self._found[2]

    def write(self) -> None:
        """Keep the closes that are new, in the transaction that is open."""
        for asset in self._unsaved:
            closes = self._of(asset)
            first = max(closes) - WINDOW_HOURS - 1
            for hour in [hour for hour in closes if hour < first]:
                del closes[hour]
            self._journal.save_fact(_fact(asset), msgspec.json.encode(closes).decode())
        self._unsaved.clear()

    def _of(self, asset: Asset) -> dict[int, Decimal]:
        if asset not in self._closes:
            text = self._journal.fact(_fact(asset))
            known = {} if text is None else msgspec.json.decode(text, type=dict[int, Decimal])
            self._closes[asset] = known
        return self._closes[asset]


def _fact(asset: Asset) -> str:
    return f"risk-closes/{asset}"
