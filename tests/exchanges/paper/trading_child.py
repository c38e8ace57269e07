"""A process that trades on a paper venue until it is killed; prints the number of each tick.

One order is placed after every tick; its id is that of the tick, so a restart that lost a tick or
repeated one would be seen.
"""

import asyncio
import sys

from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Accepted, Side
from nimbus_tui.exchanges.paper.store import PaperStore
from tests.exchanges.paper.venues import ScriptedSource, paper, request, tick

TICKS = 100_000


def script() -> list[Tick]:
    """A price that swings between 2380 and 2420."""
    return [tick(str(2380 + abs(n % 80 - 40)), 0) for n in range(TICKS)]


async def trade(path: str) -> None:
    """Place, fill and tell, for ever."""
    source = ScriptedSource(script())
    exchange = paper(store=PaperStore(path), source=source)

    async def settle() -> None:
        number = int(source.position())
        side = Side.BUY if number % 2 else Side.SELL
        price = "2390" if side is Side.BUY else "2410"
        answer = await exchange.place_order(request(f"nb{number}", side, price, reduce_only=False))
        assert isinstance(answer, Accepted) or answer.reason, answer
        print(number, flush=True)
        await asyncio.sleep(0)

    exchange.settle = settle
    await exchange.connect()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(trade(sys.argv[1]))
