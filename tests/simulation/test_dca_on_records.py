"""The DCA bot's fills on every recorded minute file equal those of an independent loop."""

import os
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.simulation.price_files import PriceFile
from nimbus_tui.strategies.dca_schedule import due_of
from tests.oracle.candles import read_ticks
from tests.oracle.dca_loop import Rules, dca_fills
from tests.simulation.dca_worlds import HOUR, MINUTE, DcaWorld, coin

DATA = Path(__file__).parents[3] / "shared" / "data"
FILES = sorted(DATA.glob("ohlcv_1m_*/*.csv.gz"))
GRAINS = {
    "BTC": ("0.1", "0.00001"),
    "ETH": ("0.01", "0.0001"),
    "SOL": ("0.01", "0.001"),
    "BNB": ("0.01", "0.001"),
    "XRP": ("0.0001", "0.1"),
}
KINDS: dict[str, tuple[dict[str, Any], int, str | None]] = {
    "hourly at market": ({"interval": "1h"}, HOUR, None),
    "every seven minutes at market": ({"interval": "7m"}, 7 * MINUTE, None),
    "hourly at a limit": (
        {"interval": "1h", "order_type": "limit", "offset_percent": "0.15"},
        HOUR,
        "0.15",
    ),
}
FULL = bool(os.environ.get("NIMBUS_FULL_RECORDS"))
PREFIX = 40_000
"""Ticks of a file; a whole month takes longer than a run of the tests should."""

pytestmark = pytest.mark.skipif(not FILES, reason="the recorded data is not here")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".csv.gz"))
async def test_a_dca_fills_as_the_independent_loop_says(path: Path, kind: str) -> None:
    parameters, every_ns, offset = KINDS[kind]
    base = next(name for name in GRAINS if name in path.name)
    tick, lot = (Decimal(text) for text in GRAINS[base])
    fees = {"maker_fee": Decimal("0.0002"), "taker_fee": Decimal("0.0005")}
    rules = Rules(
        every_ns=every_ns,
        order_quote=Decimal(50),
        tick_size=tick,
        lot_size=lot,
        offset_percent=None if offset is None else Decimal(offset),
        **fees,
    )
    count = None if FULL else PREFIX
    expected = dca_fills(read_ticks(path)[:count], rules)
    traded = coin(f"{base}/USDC", tick_size=tick, lot_size=lot, min_notional=Decimal(10), **fees)
    ticks = list(islice(PriceFile(path, traded.symbol).ticks(), count))
    world = DcaWorld(
        traded,
        start_ns=0,
        balances={"USDC": Decimal(10_000_000)},
        max_orders=100_000,
        **parameters,
    )
    await world.backtest(ticks)
    start = ticks[0].ts
    actual = [
        ((due_of(fill.key) or 0) - start, fill.ts, fill.price, fill.quantity, fill.fee)
        for fill in world.fills()
    ]
    assert len(actual) > 50
    assert [
        (fill.slot * every_ns, fill.ts, fill.price, fill.quantity, fill.fee) for fill in expected
    ] == actual
    await world.engine.stop()
