"""An emergency over a real socket against a venue that won't cancel, through `kill -9`.

The venue refuses every cancel for a time, then lets every one go by without an answer, then works.
`NIMBUS_HARD_S` says how long each of the two takes (6; 30 in full).
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from nimbus_tui.control.commands import EmergencyShutdown, Outcome, Rearm, Result, StartBot
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.order import OrderReport
from nimbus_tui.engine.clock import LiveClock
from tests.venue.adapter import SocketExchange
from tests.venue.arrivals import Arrivals
from tests.venue.markets import INSTRUMENTS
from tests.venue.processes import Trader, VenueProcess, eventually
from tests.venue.protocol import Hard

HARD_S = float(os.environ.get("NIMBUS_HARD_S", "6"))
Answer = TypeVar("Answer")


class Street:
    """The venue, one engine life after another, and somebody who looks on."""

    def __init__(self, folder: Path, venue: VenueProcess, socket: str) -> None:
        self.folder = folder
        self.venue = venue
        self.socket = socket
        self.life: Trader | None = None

    def live(self) -> None:
        """Begin a life of the engine."""
        self.life = Trader(self.folder, self.venue.port, "--at-rest", "--socket", self.socket)
        self.life.go()
        life = self.life
        eventually("a start", lambda: life.has_said("started"))

    def kill(self) -> None:
        """`kill -9`."""
        assert self.life is not None
        self.life.kill()

    def at_venue(self, ask: Callable[[SocketExchange], Awaitable[Answer]]) -> Answer:
        """Ask the venue something, as the account's owner."""

        async def asked() -> Answer:
            client = SocketExchange(ExchangeName("venue"), self.venue.port, LiveClock())
            await client.connect()
            try:
                return await ask(client)
            finally:
                await client.disconnect()

        return asyncio.run(asked())

    def at_engine(self, ask: Callable[[UnixSocketClient], Awaitable[Answer]]) -> Answer:
        """Ask the engine something, as the command line does."""

        async def asked() -> Answer:
            client = await UnixSocketClient.connect(self.socket)
            try:
                return await ask(client)
            finally:
                await client.close()

        return asyncio.run(asked())

    def resting(self) -> list[OrderReport]:
        return list(self.at_venue(lambda venue: venue.open_orders()))

    def risk(self) -> RiskSnapshot:
        return self.at_engine(lambda engine: engine.risk())

    def execute(self, command: EmergencyShutdown | Rearm | StartBot) -> Outcome:
        return self.at_engine(lambda engine: engine.execute(command))

    def requests(self) -> int:
        """How many orders have ever reached the venue."""
        arrivals = Arrivals(self.folder / "arrivals.db")
        try:
            return arrivals.total()
        finally:
            arrivals.close()

    def has_prices(self) -> bool:
        async def ask(venue: SocketExchange) -> bool:
            try:
                for one in INSTRUMENTS:
                    await venue.mark_price(one.symbol)
            except ExchangeError:
                return False
            return True

        return self.at_venue(ask)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with VenueProcess(tmp_path) as venue, tempfile.TemporaryDirectory() as short:
        venue.start()
        made = Street(tmp_path, venue, f"{short}/engine.sock")
        eventually("prices", made.has_prices)
        venue.kill()
        venue.start("--still")
        yield made
        if made.life is not None:
            made.life.end()


def test_f28_a_venue_that_will_not_cancel_and_a_kill_do_not_keep_an_emergency_from_its_end(
    street: Street,
) -> None:
    street.live()
    eventually("orders that rest", lambda: len(street.resting()) >= 12)
    time.sleep(3)  # until what was bought has its counter orders
    resting, sent = len(street.resting()), street.requests()

    begun = time.monotonic()
    street.at_venue(lambda venue: venue.ask("hard", Hard(HARD_S, HARD_S)))
    assert street.execute(EmergencyShutdown("by hand")).result is Result.ACCEPTED
    eventually("what is left", lambda: len(street.risk().left) >= resting)
    assert any("does not like it" in line for line in street.risk().left)

    street.kill()  # while every cancel is refused
    assert len(street.resting()) == resting
    street.live()
    risk = street.risk()
    assert (risk.latched, risk.verified) == (True, False)
    eventually("what is left", lambda: len(street.risk().left) >= resting)
    assert time.monotonic() - begun < 2 * HARD_S

    eventually("cancels that go by unheard", lambda: time.monotonic() - begun > 1.5 * HARD_S)
    assert not street.risk().verified
    assert len(street.resting()) == resting

    eventually("the end", lambda: street.risk().verified)
    took = time.monotonic() - begun
    assert took > 2 * HARD_S
    assert street.resting() == []
    assert street.risk().left == ()
    assert street.requests() == sent

    time.sleep(2)
    street.kill()  # once it is over
    street.live()
    eventually("another look", lambda: street.risk().verified)
    risk = street.risk()
    assert risk.latched
    assert risk.emergency == "verified: no order of ours is left (by hand)"
    assert street.execute(StartBot(BotId("eth"))).result is Result.REFUSED
    assert street.execute(Rearm()).result is Result.DONE
    time.sleep(2)
    assert not street.risk().latched
    assert street.requests() == sent
    assert street.resting() == []
    if os.environ.get("NIMBUS_FIGURES"):
        print(f"{resting} orders, verified after {took:.1f} s, {sent} requests before and after")
