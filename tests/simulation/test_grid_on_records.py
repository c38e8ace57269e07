"""The product's fills on every recorded file equal those of an independent loop."""

import os
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from nimbus_tui.simulation.price_files import PriceFile
from tests.oracle.candles import read_ticks
from tests.oracle.grid_loop import Rules, grid_fills
from tests.simulation.worlds import World, instrument

DATA = Path(__file__).parents[3] / "shared" / "data"
FILES = sorted([*DATA.glob("ticks_*/*_trades.csv.gz"), *DATA.glob("ohlcv_1m_*/*.csv.gz")])
GRAINS = {
    "BTC": ("0.1", "0.00001"),
    "ETH": ("0.01", "0.0001"),
    "SOL": ("0.01", "0.001"),
    "BNB": ("0.01", "0.001"),
    "XRP": ("0.0001", "0.1"),
}

FULL = bool(os.environ.get("NIMBUS_FULL_RECORDS"))
PREFIX = 20_000
"""Ticks of a candle file at the narrow spacing; a whole month takes minutes."""

pytestmark = pytest.mark.skipif(not FILES, reason="the recorded data is not here")


@pytest.mark.parametrize("spacing", ["0.05", "0.5"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".csv.gz"))
async def test_a_grid_fills_as_the_independent_loop_says(path: Path, spacing: str) -> None:
    base = next(name for name in GRAINS if name in path.name)
    tick, lot = (Decimal(text) for text in GRAINS[base])
    rules = Rules(
        spacing=Decimal(spacing),
        levels=3,
        quote_size=Decimal(100),
        tick_size=tick,
        lot_size=lot,
        min_notional=Decimal(10),
        maker_fee=Decimal("0.0002"),
    )
    count = None if FULL or spacing == "0.5" or "trades" in path.name else PREFIX
    expected = grid_fills(read_ticks(path)[:count], rules)
    traded = instrument(f"{base}/USDC:USDC", tick_size=tick, lot_size=lot)
    world = World(traded, balances={"USDC": Decimal(1_000_000)}, spacing=Decimal(spacing))
    await world.backtest(islice(PriceFile(path, traded.symbol).ticks(), count))
    actual = world.fills()
    assert [(f.ts, f.side, f.level, f.price, f.quantity, f.fee) for f in expected] == [
        (f.ts, f.side.value, int(str(f.key).split("/")[1]), f.price, f.quantity, f.fee)
        for f in actual
    ]
    assert all(fill.maker for fill in actual)
    await world.engine.stop()
