"""Host an engine, print its fills, and pause a bot that has lost too much since it began.

python watchdog.py bots.toml --most-loss 2 --seconds 60
"""

import argparse
import asyncio
from decimal import Decimal

from nimbus_tui import BotSnapshot, BotState, HostedEngine, NimbusError, commands, events


def loss_percent(bot: BotSnapshot) -> Decimal:
    """How much of its capital a bot has lost, in percent; below 0 it has earned."""
    return (1 - bot.equity / bot.capital) * 100 if bot.capital else Decimal(0)


async def print_fills(engine: HostedEngine) -> None:
    """One line a fill, from the engine's first one on."""
    async for event in engine.subscribe("orderFilled", after=0):
        if isinstance(event, events.OrderFilled):
            fill = event.fill
            print(f"{event.bot_id}: {fill.side.value} {fill.quantity} at {fill.price} ({fill.key})")


async def pause_losers(engine: HostedEngine, most_loss: Decimal) -> None:
    """Look at every bot once a second; a paused bot keeps the orders that reduce its position."""
    while True:
        for bot in (await engine.bots()).values():
            if bot.state is BotState.RUNNING and loss_percent(bot) > most_loss:
                outcome = await engine.execute(commands.PauseBot(bot.bot_id))
                print(f"{bot.bot_id}: lost {loss_percent(bot):.2f} %; {outcome.message}")
        await asyncio.sleep(1)


async def watch(config: str, most_loss: Decimal, seconds: float, *, scratch: bool) -> None:
    """Run the engine and both watchers for a while, then shut down in order."""
    async with HostedEngine(config, scratch=scratch) as engine:
        watchers = asyncio.gather(print_fills(engine), pause_losers(engine, most_loss))
        try:
            await asyncio.wait_for(watchers, seconds)
        except TimeoutError:
            total = (await engine.snapshot()).equity
            print(f"time is up; the account is worth {total}")


def main() -> None:
    """Read the command line and watch."""
    parser = argparse.ArgumentParser(description="Host an engine and pause bots that lose.")
    parser.add_argument("config")
    parser.add_argument("--most-loss", type=Decimal, default=Decimal(2), help="percent of capital")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--scratch", action="store_true", help="keep nothing, like the demo")
    given = parser.parse_args()
    try:
        asyncio.run(watch(given.config, given.most_loss, given.seconds, scratch=given.scratch))
    except NimbusError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
