"""The portfolio's fills on recorded minutes of five coins equal those of an independent loop."""

import heapq
import os
from decimal import Decimal
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.simulation.price_files import PriceFile, merged
from nimbus_tui.strategies.portfolio_weights import ThresholdMode, Trigger
from tests.oracle.candles import read_ticks
from tests.oracle.portfolio_loop import Rules, portfolio_loop
from tests.simulation.portfolio_world import GRAINS, HOUR, PortfolioWorld

DATA = Path(__file__).parents[3] / "shared" / "data" / "ohlcv_1m_2025"
COINS = ("BTC", "ETH", "SOL", "BNB", "XRP")
FILES = {coin: DATA / f"{coin}USDT.csv.gz" for coin in COINS}
SHARES = dict(zip(COINS, map(Decimal, (40, 30, 15, 10, 5)), strict=True))
FEE = Decimal("0.0005")

FULL = bool(os.environ.get("NIMBUS_FULL_RECORDS"))
PREFIX = 40_000
"""Ticks of each coin, a week; the whole month takes minutes."""

pytestmark = pytest.mark.skipif(
    not all(file.exists() for file in FILES.values()), reason="the recorded data is not here"
)

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "two points": ({"threshold": Decimal(2)}, {"threshold": Decimal(2)}),
    "half a point, with cash": (
        {
            "targets": SHARES | {"ETH": Decimal(20), "USDC": Decimal(10)},
            "threshold": Decimal("0.5"),
        },
        {"targets": SHARES | {"ETH": Decimal(20)}, "threshold": Decimal("0.5")},
    ),
    "a tenth of each target, or daily": (
        {
            "threshold": Decimal(10),
            "threshold_mode": ThresholdMode.RELATIVE,
            "trigger": Trigger.BOTH,
            "interval": "1d",
        },
        {"threshold": Decimal(10), "relative": True, "interval": 24 * HOUR},
    ),
    "every six hours": (
        {"trigger": Trigger.INTERVAL, "interval": "6h"},
        {"interval": 6 * HOUR, "drift_counts": False},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_portfolio_fills_as_the_independent_loop_says(case: str) -> None:
    parameters, rules = CASES[case]
    lots = {coin: Decimal(GRAINS[coin][1]) for coin in COINS}
    asked = Rules(**({"targets": SHARES, "lots": lots, "fee": FEE} | rules))
    count = None if FULL else PREFIX
    ticks = heapq.merge(
        *([(ts, c, price) for ts, price in read_ticks(FILES[c])[:count]] for c in COINS),
        key=itemgetter(0),
    )
    expected = portfolio_loop(ticks, asked)
    world = PortfolioWorld(
        **({"targets": SHARES} | parameters),
        balances={"USDC": Decimal(1_000_000)},
        grain={"taker_fee": FEE},
    )
    await world.backtest(
        merged(islice(PriceFile(FILES[c], f"{c}/USDC").ticks(), count) for c in COINS)
    )
    actual = [(f.ts, f.key, f.side.value, f.price, f.quantity, f.fee) for f in world.fills()]
    assert [tuple(fill) for fill in expected.fills] == actual
    assert expected.rounds == world.bot.saved.rebalances > 2
    assert expected.warnings == len(world.told("warning"))
    await world.engine.stop()
