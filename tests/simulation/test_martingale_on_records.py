"""The martingale's fills on recorded minutes equal those of an independent loop."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.simulation.price_files import PriceFile
from nimbus_tui.strategies.martingale_steps import MartingaleSide
from tests.oracle.candles import read_ticks
from tests.oracle.martingale_loop import Rules, martingale_fills
from tests.simulation.martingale_world import MartingaleWorld, sol

DATA = Path(__file__).parents[3] / "shared" / "data" / "ohlcv_1m_2025"
GRAINS = {"BTC": ("0.1", "0.00001"), "ETH": ("0.01", "0.0001"), "SOL": ("0.01", "0.001")}
FILES = [path for base in GRAINS if (path := DATA / f"{base}USDT.csv.gz").exists()]
KINDS: dict[str, dict[str, Any]] = {
    "long": {},
    "short, wide": {
        "side": MartingaleSide.SHORT,
        "multiplier": Decimal("1.5"),
        "step_percent": Decimal(3),
        "max_steps": 6,
    },
    "long, narrow, cooldown": {
        "step_percent": Decimal("0.4"),
        "take_profit": Decimal("0.3"),
        "max_steps": 5,
        "cooldown": "30m",
    },
}

pytestmark = pytest.mark.skipif(not FILES, reason="the recorded data is not here")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".csv.gz"))
async def test_a_martingale_fills_as_the_independent_loop_says(path: Path, kind: str) -> None:
    base = next(name for name in GRAINS if name in path.name)
    tick, lot = (Decimal(text) for text in GRAINS[base])
    traded = sol(f"{base}/USDC:USDC", tick_size=tick, lot_size=lot)
    world = MartingaleWorld(traded, balances={"USDC": Decimal(1_000_000)}, **KINDS[kind])
    config = world.strategy.config
    rules = Rules(
        base_quote=config.base_quote,
        multiplier=config.multiplier,
        step_percent=config.step_percent,
        step_scale=config.step_scale,
        max_steps=config.max_steps,
        take_profit=config.take_profit,
        tick_size=tick,
        lot_size=lot,
        maker_fee=traded.maker_fee,
        taker_fee=traded.taker_fee,
        short=config.side is MartingaleSide.SHORT,
        cooldown_ns=config.cooldown_ns,
    )
    expected = martingale_fills(read_ticks(path), rules)
    await world.backtest(PriceFile(path, traded.symbol).ticks())
    actual = world.fills()
    assert len(expected) > 8  # the month rises, so a short has few cycles
    assert {fill.step for fill in expected} >= {"base", "1", "2", "tp"}
    assert [(f.ts, str(f.cycle), f.step, f.side, f.price, f.quantity, f.fee) for f in expected] == [
        (f.ts, *str(f.key).split("/")[1:], f.side.value, f.price, f.quantity, f.fee) for f in actual
    ]
    await world.engine.stop()
