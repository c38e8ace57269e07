"""The venue as a process of its own: `python -m tests.exchanges.hyperliquid.server`.

It prints its port, wanders, and keeps its state in a file; `POST /control` asks and steers it.
"""

import argparse
import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.universe import recorded_or_small, small
from tests.exchanges.hyperliquid.server.wander import Walk, run_all


async def _serve(given: argparse.Namespace) -> None:
    server = HyperliquidServer(
        recorded_or_small() if given.recorded else small(),
        mainnet=given.mainnet,
        port=given.port,
        state_file=given.state,
    )
    server.faults.by_chance(given.faults, given.seed)
    walk = Walk(tuple(given.coins), given.every, given.step, given.funding_every)
    async with server:
        print(server.port, flush=True)
        if given.still:
            work = asyncio.ensure_future(asyncio.Event().wait())
        else:
            wandering = run_all(server, walk, given.seed, given.trouble_every)
            work = asyncio.ensure_future(wandering)  # type: ignore[arg-type]
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        with suppress(asyncio.CancelledError):
            await work


def main() -> None:
    """Serve until told to end."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=0)
    asking.add_argument("--seed", type=int, default=1)
    asking.add_argument("--state", type=Path, help="where everything is kept")
    asking.add_argument("--mainnet", action="store_true", help="signatures of the mainnet")
    asking.add_argument("--recorded", action="store_true", help="the recorded list of perpetuals")
    asking.add_argument("--still", action="store_true", help="prices move by control alone")
    asking.add_argument("--coins", nargs="*", default=[], help="what wanders; none: everything")
    asking.add_argument("--every", type=float, default=0.25, help="seconds between steps")
    asking.add_argument("--step", type=float, default=0.0005, help="deviation of a step, a share")
    asking.add_argument("--funding-every", type=float, default=0.0, help="seconds; 0: none")
    asking.add_argument("--faults", type=float, default=0.0, help="share of bad requests")
    asking.add_argument("--trouble-every", type=float, default=0.0, help="seconds; 0: none")
    asyncio.run(_serve(asking.parse_args()))


if __name__ == "__main__":
    main()
