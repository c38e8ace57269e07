"""The venue as a process of its own: it wanders, is steered, and survives."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.hyperliquid.server.client import control, listening, post
from tests.exchanges.hyperliquid.server.faults import BY_CHANCE, SocketFault
from tests.exchanges.hyperliquid.server.sdk import GTC, MASTER, trader
from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.wander import Walk, trouble, wander

ROOT = Path(__file__).parents[4]
MODULE = "tests.exchanges.hyperliquid.server"


@contextmanager
def process(*options: object) -> Iterator[str]:
    """The server in a process; its REST address. It is told to end, and does."""
    running = subprocess.Popen(
        [sys.executable, "-m", MODULE, *map(str, options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(running.stdout.readline())}"
    finally:
        running.terminate()
        running.communicate()
    assert running.returncode == 0


async def test_it_is_steered_and_its_state_outlives_it(tmp_path: Path) -> None:
    file = tmp_path / "venue.state"
    with process("--still", "--state", file) as url:
        await control(url, "fund", address=MASTER, usdc="5000", spot={"HYPE": "3"})
        client = await trader(_at(url))
        placed = await client.order("ETH", True, 0.02, 2399.0, GTC)
        reached = await control(url, "move", coin="ETH", px="2390", volume="0.015")
        assert reached == "2399"
        client.close()
    with process("--still", "--state", file) as url:
        told = await control(url, "account", address=MASTER)
        assert [fill["sz"] for fill in told["fills"]] == ["0.015"]
        (order,) = told["orders"]
        assert (order["status"], order["order"]["oid"]) == ("open", placed["resting"]["oid"])
        await control(url, "move", coin="ETH", px="2390")
        told = await control(url, "account", address=MASTER)
        assert [order["status"] for order in told["orders"]] == ["filled"]
        assert (await control(url, "audit"))["violations"] == []


async def test_it_wanders_by_itself() -> None:
    with process("--coins", "ETH", "--every", "0.01", "--funding-every", "0.05") as url:
        async with listening(url.replace("http", "ws") + "/ws") as listener:
            await listener.subscribe("trades", coin="ETH")
            await listener.next("trades")
            prices = {(await listener.next("trades"))["data"][-1]["px"] for _ in range(20)}
    assert len(prices) > 5


async def test_control_scripts_faults_and_says_what_it_does_not_know() -> None:
    with process("--still") as url:
        await control(url, "script", fault="500", on="allMids")
        assert (await post(f"{url}/info", {"type": "allMids"}))[0] == 500
        assert (await control(url, "audit"))["faults"] == {"500": 1}
        assert (await post(f"{url}/control", {"call": "dance"}))[0] == 400
        await control(url, "readings", weight_per_minute=1)
        assert (await post(f"{url}/info", {"type": "allMids"}))[0] == 429
        (violation,) = (await control(url, "audit"))["violations"]
        assert violation["rule"] == "beyond the weight of the IP"


async def test_the_same_seed_walks_the_same_path() -> None:
    async def path(seed: int) -> list[str]:
        server = HyperliquidServer(clock=HurriedClock(1_790_000_000 * NS_PER_SECOND))
        await wander(server, Walk(("ETH", "BTC"), funding_every_s=1.0), seed, steps=50)
        return [trade["px"] for trade in server.world.books["ETH"].trades]

    first = await path(7)
    assert first == await path(7)
    assert first != await path(8)
    assert len(set(first)) > 20


@pytest.mark.parametrize("fault", sorted(BY_CHANCE, key=str))
async def test_trouble_that_lasts_ends(server: HyperliquidServer, fault: SocketFault) -> None:
    server.world.readings.dead_linger_s = 0
    async with listening(server.ws_url) as listener:
        await listener.subscribe("bbo", coin="ETH")
        server.world.time.clock = HurriedClock(server.world.time.clock.now())
        await trouble(server, 5.0, seed=1, faults=[fault], times=1)
    assert (server.sockets.muted, server.sockets.refuses) == (set(), False)
    async with listening(server.ws_url) as listener:
        assert await listener.pings() == []


class HurriedClock(SimulatedClock):
    """Whoever sleeps on it has slept at once."""

    async def sleep_until(self, ts: int) -> None:
        """Go on to that time."""
        self.jump(max(ts, self.now()))


def _at(url: str) -> HyperliquidServer:
    """An address as if it were a server of this process."""
    return HyperliquidServer(port=int(url.rpartition(":")[2]))
