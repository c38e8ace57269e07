"""What the risk rules cost: per price tick with 1,000 bots, and over a month's backtest.

    python benchmarks/risk_readings.py           # 1,000 bots
    python benchmarks/risk_readings.py 200       # so many
    NIMBUS_DATA=/data python benchmarks/risk_readings.py

Everything is a ratio of two times of the same run, so that the machine drops out. *None* is an
engine whose limits are those that every bot has by default, *all* one with each of the sixteen
rules on. The month comes from `ohlcv_1m_2025/ETHUSDT.csv.gz` in the folder of recorded data; where
that is absent the month is left out.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import backtest, load_config, simulated
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.engine.facts import BotDue

DATA = Path(os.environ.get("NIMBUS_DATA", Path(__file__).parents[2] / "shared" / "data"))
MONTH = DATA / "ohlcv_1m_2025" / "ETHUSDT.csv.gz"
SYMBOL = Symbol("ETH/USDC")
PRICE = Decimal(2400)
ROUNDS = 40
BEGUN_NS = 1_750_000_000_000_000_000
NO_LIMITS = ("", "")
ALL_LIMITS = (
    """\
[exchanges.sim.risk]
leverage = 20
[risk]
position_size = 100_000
position_age = "900d"
daily_loss = 90
drawdown = 90
consecutive_losses = 1000
order_rate = 1_000_000
total_exposure = 20
correlation = 20
asset_allocation = 100
equity_floor = 1
rejects = 100_000
""",
    "risk = { stop_loss = 60, take_profit = 90 }",
)
"""Every rule measures and none ever acts: the bots do the same with them and without."""
VENUE = """\
[exchanges.sim]
type = "paper"
balances = { USDC = 1_000_000_000 }
"""
BOT = """\
[bots.grid-%04d]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
%s
"""


def config_file(folder: Path, limits: tuple[str, str], bots: int) -> Path:
    """The config of so many grids, with limits or without."""
    shared, own = limits
    file = folder / "bench.toml"
    file.write_text(VENUE + shared + "".join(BOT % (number, own) for number in range(bots)))
    return file


class Ticking:
    """An engine of many grids that each hold coins and have orders resting."""

    def __init__(self, folder: Path, limits: tuple[str, str], bots: int) -> None:
        self.engine, run = simulated(load_config(config_file(folder, limits, bots)))
        self._venue, self._clock = run.exchange, run.clock
        self._clock.jump(BEGUN_NS)

    async def open(self) -> None:
        """Start, and let every grid buy its coins and place its orders."""
        await self.engine.start()
        for _ in range(4):
            await self._tick()

    async def _tick(self) -> None:
        """A price that is told to the venue and to the engine."""
        now = self._clock.now() + NS_PER_SECOND
        await self._clock.advance_to(now, self.engine.settle)
        self._venue.deliver(Tick(now, SYMBOL, PRICE, Decimal(0)))
        await self.engine.settle()

    def quiet(self) -> float:
        """Seconds of a tick that concerns nobody, from the inbox on."""
        quote = Quote(SYMBOL, PRICE, self._clock.now())
        self.engine.inbox.put_price(ExchangeName("sim"), quote)
        return seconds(self.engine.process)

    def busy(self) -> float:
        """Seconds of a tick that gives every bot its turn."""
        for bot_id in self.engine.bots:
            self.engine.inbox.put(BotDue(bot_id))
        return self.quiet()

    def reading(self) -> float:
        """Seconds of measuring every rule of every bot, of the account and of the engine."""
        return seconds(self._read)

    def _read(self) -> None:
        self.engine.risk_desk.readings()
        for bot in self.engine.bots.values():
            bot.risk.readings()


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


async def ticks(folder: Path, bots: int) -> None:
    """Print what the rules cost on a tick, as ratios."""
    plain, ruled = Ticking(folder, NO_LIMITS, bots), Ticking(folder, ALL_LIMITS, bots)
    for one in (plain, ruled):
        await one.open()
    # Turn by turn, so that a machine that slows down slows both.
    rounds = [
        (plain.quiet(), ruled.quiet(), plain.busy(), ruled.busy(), ruled.reading())
        for _ in range(ROUNDS)
    ]
    quiet, ruled_quiet, busy, ruled_busy, reading = (min(one) for one in zip(*rounds, strict=True))
    print(f"{bots:,} bots")
    print(f"reading every rule of every bot ÷ a tick that gives all a turn: {reading / busy:.2f}")
    print(f"a tick that gives all bots a turn, all rules ÷ none: {ruled_busy / busy:.2f}")
    print(f"a tick that concerns nobody, all rules ÷ none: {ruled_quiet / quiet:.2f}")
    print(
        f"a tick that concerns nobody ÷ one that gives all a turn: {ruled_quiet / ruled_busy:.4f}"
    )


async def month(folder: Path) -> None:
    """Print what the rules cost over the recorded month, as a ratio."""
    taken = []
    for limits in (NO_LIMITS, ALL_LIMITS) * 2:
        _, run, prices, _ = backtest(load_config(config_file(folder, limits, 1)), {SYMBOL: [MONTH]})
        begun = time.perf_counter()
        await run.run(prices)
        taken.append(time.perf_counter() - begun)
    ratio = min(taken[1::2]) / min(taken[::2])
    print(f"a month of one grid, all rules ÷ none: {ratio:.2f}")


def main(arguments: list[str]) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(ticks(Path(folder), int(arguments[0]) if arguments else 1_000))
        if MONTH.exists():
            asyncio.run(month(Path(folder)))
        else:
            print(f"a month: left out, there is no {MONTH}")


if __name__ == "__main__":
    main(sys.argv[1:])
