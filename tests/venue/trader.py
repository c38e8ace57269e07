"""The production engine with three bots on the venue server, until it is killed.

It loads everything, says `ready` and waits for a line on its standard input before it touches any
file, so that a test can have the next one at hand. Then it prints one line for each event worth it.
"""

import argparse
import asyncio
import signal
import sys
from decimal import Decimal
from pathlib import Path
from random import SystemRandom
from typing import Any

import msgspec

from nimbus_tui.core.events import Connected, Disconnected, Error, Event, Warning
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import OrderRequest, OrderResponse, Unknown
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.host import host
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.strategies.base import StrategyConfig
from nimbus_tui.strategies.dca_config import DcaConfig, Missed
from nimbus_tui.strategies.factory import create
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.venue.adapter import SocketExchange
from tests.venue.markets import BOUGHT, INSTRUMENTS, PERPETUAL, SPOT

TOLD = (Connected, Disconnected, Error, Warning)


class Said(msgspec.Struct, frozen=True):
    """One line of a trader."""

    ts: int
    what: str
    detail: str = ""


def say(what: str, detail: str = "") -> None:
    """Print a line."""
    print(msgspec.json.encode(Said(LiveClock().now(), what, detail)).decode(), flush=True)


class TellingExchange(SocketExchange):
    """Says which answers were lost."""

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Send one order."""
        answer = await super().place_order(request)
        if isinstance(answer, Unknown):
            say("unknown", f"{request.client_order_id} {answer.cause}")
        return answer


def bots(*, at_rest: bool) -> list[BotSpec]:
    """Two grids and a DCA bot, which buys no more where everything is to come to rest."""
    size: dict[str, Any] = {"levels": 4, "post_only": True}
    return [
        _bot("eth", "grid", GridConfig(
            symbol=SPOT, spacing=Decimal("0.06"), quote_size=Decimal(3_000), **size)),
        _bot("btc", "grid", GridConfig(
            symbol=PERPETUAL, spacing=Decimal("0.05"), quote_size=Decimal(60_000), **size)),
        _bot("sol", "dca", DcaConfig(
            symbol=BOUGHT, order_quote=Decimal(100), interval="1s", missed=Missed.CATCH_UP,
            max_orders=1 if at_rest else 20_000)),
    ]  # fmt: skip


def _bot(bot_id: str, strategy: str, config: StrategyConfig) -> BotSpec:
    symbol: Symbol = config.symbol  # type: ignore[attr-defined]
    instruments = {one.symbol: one for one in INSTRUMENTS if one.symbol == symbol}
    return BotSpec(
        bot_id=bot_id,
        strategy_name=strategy,
        strategy=create(strategy, bot_id, config, instruments),
        exchange="venue",
        instruments=instruments,
        config=msgspec.json.encode(config),
    )


def on_event(event: Event) -> None:
    """Tell what the test wants to know of."""
    if isinstance(event, TOLD):
        detail = getattr(event, "message", "") or getattr(event, "reason", "")
        say(type(event).__name__, detail)


async def trade(folder: Path, port: int, socket: str | None, *, at_rest: bool) -> None:
    """Start, run, and end in order when asked to."""
    clock = LiveClock()
    engine = Engine(
        EngineSettings(name="killed"),
        clock=clock,
        journal=SqliteJournal.open(folder / "journal.db"),
        exchanges={"venue": TellingExchange("venue", port, clock)},
        bots=bots(at_rest=at_rest),
        chance=SystemRandom(),
    )
    engine.bus.subscribe(on_event)
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, lambda: engine.request_shutdown(cancel_orders=None)
    )
    await host(engine, socket, on_started=lambda: say("started"))


def main() -> None:
    """Load, wait, trade."""
    asking = argparse.ArgumentParser()
    asking.add_argument("folder", type=Path)
    asking.add_argument("port", type=int)
    asking.add_argument("--at-rest", action="store_true", help="nothing new is bought")
    asking.add_argument("--socket", help="where commands are taken")
    given = asking.parse_args(sys.argv[1:])
    bots(at_rest=given.at_rest)  # loads the strategies
    say("ready")
    if sys.stdin.readline():
        asyncio.run(trade(given.folder, given.port, given.socket, at_rest=given.at_rest))


if __name__ == "__main__":
    main()
