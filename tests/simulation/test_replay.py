"""A replay in real time fills exactly like the backtest of the same file."""

import asyncio
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.engine.snapshots import bot_detail
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.funding_files import funding_rates
from nimbus_tui.simulation.price_files import PriceFile
from tests.simulation.worlds import World, instrument

DATA = Path(__file__).parents[3] / "shared" / "data"
RECORD = DATA / "ticks_20240808" / "binance_perp_BTCUSDT_trades.csv.gz"

RATE = 1_000_000
HAS_RECORD = RECORD.exists()


async def ended(exchange: Exchange) -> None:
    """Wait for the end of the exchange's prices."""
    while not exchange.connection_status().detail:  # noqa: ASYNC110 - the venue has no event for it
        await asyncio.sleep(0.05)


def some_trades(folder: Path) -> Path:
    """Trades that are always there: a saw around 60,000."""
    path = folder / "saw.csv"
    rows = [
        f"{1_700_000_000_000 + i * 50},{60_000 + (i % 40 - 20) * 9 * (1 if i % 80 < 40 else -1)},1"
        for i in range(3000)
    ]
    path.write_text("timestamp_ms,price,size\n" + "\n".join(rows) + "\n")
    return path


def some_rates(path: Path, folder: Path) -> Path:
    """A funding time every twenty seconds of a recording."""
    times = [tick.ts // 1_000_000 for tick in PriceFile(path, "BTC/USDC:USDC").ticks()]
    file = folder / "rates.csv"
    rows = [
        f"{ts},0.000{number % 7}" for number, ts in enumerate(range(times[0], times[-1], 20_000))
    ]
    file.write_text("ts_ms,rate\n" + "\n".join(rows) + "\n")
    return file


@pytest.mark.parametrize("record", [None, RECORD], ids=["saw", "recorded"])
async def test_a_replay_shows_the_fills_of_the_backtest(
    record: Path | None, tmp_path: Path
) -> None:
    if record is not None and not HAS_RECORD:
        pytest.skip("the recorded data is not here")
    path = record or some_trades(tmp_path)
    symbol = "BTC/USDC:USDC"
    rates = some_rates(path, tmp_path)
    config = tmp_path / "replay.toml"
    config.write_text(
        '[exchanges.sim]\ntype = "paper"\nmarket = "replay"\nspeed = 1_000_000\n'
        f'balances = {{ USDC = 1_000_000 }}\nfiles = {{ "BTC/USDC:USDC" = "{path}" }}\n'
        'funding_files = { "BTC/USDC:USDC" = "rates.csv" }\n'
        '[bots.grid]\nstrategy = "grid"\nexchange = "sim"\nsymbol = "BTC/USDC:USDC"\n'
        "spacing = 0.05\nlevels = 3\nquote_size = 100\n"
        # Minutes of the record pass in no time, and the order rate counts real ones.
        f"risk = {{ order_rate = {RATE} }}\n"
    )
    engine = live_engine(load_config(config), scratch=tmp_path)
    await engine.start()
    running = asyncio.create_task(engine.run())
    exchange = engine.exchanges["sim"]
    async with asyncio.timeout(60):
        await ended(exchange)
    detail = bot_detail(engine, engine.bots["grid"])
    replayed = engine.journal.fills()
    charged = engine.journal.funding()
    running.cancel()
    await engine.stop()

    grain = {"tick_size": Decimal("0.1"), "lot_size": Decimal("0.00001")}
    world = World(
        instrument("BTC/USDC:USDC", **grain),
        balances={"USDC": Decimal(1_000_000)},
        spacing=Decimal("0.05"),
        limits=RiskLimits(order_rate=Decimal(RATE)),
        venue=PaperSettings(funding=FundingSchedule(recorded={symbol: funding_rates(rates)})),
    )
    await world.backtest(islice(PriceFile(path, "BTC/USDC:USDC").ticks(), None))
    expected = [(f.key, f.side, f.price, f.quantity) for f in world.fills()]
    assert len(expected) > 10
    assert expected == [(f.key, f.side, f.price, f.quantity) for f in replayed]
    payments = [(f.amount, f.rate, f.mark_price) for f in world.engine.journal.funding()]
    assert len(payments) > 3
    assert payments == [(f.amount, f.rate, f.mark_price) for f in charged]
    shown = [(f.key, f.side, f.price, f.quantity) for f in detail.fills]
    assert expected[-len(shown) :] == shown
    await world.engine.stop()
