"""`kill -9` at random moments over a real socket: nothing is lost and nothing is doubled.

`NIMBUS_KILLS` says how often (25), `NIMBUS_SEED` when; `NIMBUS_FIGURES=1` prints what happened.
"""

import asyncio
import os
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import ClientOrderId, ExchangeName
from nimbus_tui.core.order import Accepted, OrderRequest, OrderState, Side
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.engine.saved import Saved
from nimbus_tui.exchanges.paper.account import VenueState
from nimbus_tui.exchanges.paper.matching import PaperOrder
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.venue.adapter import SocketExchange
from tests.venue.arrivals import Arrivals
from tests.venue.markets import BALANCES, BOUGHT, PERPETUAL, SPOT
from tests.venue.processes import PATIENCE_S, Trader, VenueProcess, eventually

ZERO = Decimal(0)
KILLS = int(os.environ.get("NIMBUS_KILLS", "25"))
SEED = int(os.environ.get("NIMBUS_SEED", "1"))
FAULTS = "0.04"
"""Share of the calls that go wrong."""
VENUE_DIES = 0.06
"""Share of the lives in which the venue is killed too."""
BY_HAND = OrderRequest(
    client_order_id=ClientOrderId("by-hand"),
    symbol=SPOT,
    side=Side.BUY,
    quantity=Decimal(1),
    price=Decimal(500),
)
IN_DOUBT = (OrderState.PENDING, OrderState.UNKNOWN)
QUIET_S = 7.0
"""So long nothing may happen until it counts as rest: more than a not-found takes to be final."""


class Figures(msgspec.Struct):
    """What happened in a run."""

    kills: int = 0
    killed_while_starting: int = 0
    venue_kills: int = 0
    in_doubt_at_a_kill: int = 0
    unknown_answers: int = 0
    recoveries: int = 0
    longest_recovery_s: float = 0.0
    connections_lost: int = 0

    def note(self, life: Trader, journal: SqliteJournal | None) -> None:
        """Count one life that has been killed."""
        self.kills += 1
        self.killed_while_starting += not life.has_said("started")
        said = Counter(one.what for one in life.said)
        self.unknown_answers += said["unknown"]
        self.connections_lost += said["Disconnected"]
        recovery_s = life.recovery_s()
        if recovery_s is not None:
            self.recoveries += 1
            self.longest_recovery_s = max(self.longest_recovery_s, recovery_s)
        if journal is not None:
            self.in_doubt_at_a_kill += sum(o.state in IN_DOUBT for o in journal.live_orders())
            journal.close()


def test_killed_again_and_again_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    begun, figures = time.monotonic(), Figures()
    with VenueProcess(tmp_path) as venue, ExitStack() as lives:
        venue.start()
        asyncio.run(_place_by_hand(venue.port))
        venue.kill()
        venue.start("--faults", FAULTS)
        _kill_again_and_again(tmp_path, venue, figures, lives)
        venue.kill()
        venue.start("--still")
        _come_to_rest(tmp_path, venue.port, lives)
        venue.kill()
        figures.venue_kills = venue.kills
    truth = Truth(tmp_path)
    truth.check()
    if os.environ.get("NIMBUS_FIGURES"):
        print(figures, truth.figures(), f"{time.monotonic() - begun:.0f} s", sep="\n")


async def _place_by_hand(port: int) -> None:
    """The account's owner has an order of their own, far from the market."""
    client = SocketExchange(ExchangeName("venue"), port, LiveClock())
    has_price = asyncio.Event()  # before that nothing can be placed
    client.subscribe_price_updates(SPOT, lambda _: has_price.set())
    await client.connect()
    await asyncio.wait_for(has_price.wait(), PATIENCE_S)
    assert isinstance(await client.place_order(BY_HAND), Accepted)
    await client.disconnect()


def _loaded(lives: ExitStack, folder: Path, port: int, *options: str) -> Trader:
    life = Trader(folder, port, *options)
    lives.callback(life.end)
    return life


def _kill_again_and_again(
    folder: Path, venue: VenueProcess, figures: Figures, lives: ExitStack
) -> None:
    chance = Random(SEED)
    following = _loaded(lives, folder, venue.port)
    for number in range(KILLS):
        life, following = following, _loaded(lives, folder, venue.port)
        life.go()
        if number % 5 == 4:
            time.sleep(chance.uniform(0.0, 0.12))  # somewhere in its start
        else:
            eventually("a start", lambda life=life: life.has_said("started"))
            time.sleep(chance.uniform(0.05, 1.8))
        if chance.random() < VENUE_DIES:
            venue.kill()
            time.sleep(chance.uniform(0.0, 0.3))
            venue.start("--faults", FAULTS)
            time.sleep(chance.uniform(0.0, 0.6))
        life.kill()
        path = folder / "journal.db"
        figures.note(life, SqliteJournal.read(path) if life.has_said("started") else None)
    following.go()
    following.kill()


def _come_to_rest(folder: Path, port: int, lives: ExitStack) -> None:
    """One more life without trouble, until nothing happens any more; it ends in order."""
    last = _loaded(lives, folder, port, "--at-rest")
    last.go()
    eventually("a last start", lambda: last.has_said("started"))
    journal = SqliteJournal.read(folder / "journal.db")
    seen, since = 0, time.monotonic()

    def rests() -> bool:
        nonlocal seen, since
        now = journal.last_seq()
        if now != seen or any(order.state in IN_DOUBT for order in journal.live_orders()):
            seen, since = now, time.monotonic()
        return time.monotonic() - since > QUIET_S

    eventually("rest", rests)
    journal.close()
    last.stop()


class Truth:
    """What the venue's files say, beside what the journal says."""

    def __init__(self, folder: Path) -> None:
        store = PaperStore(folder / "venue.db")
        state, live = store.load()
        assert state is not None
        self.state: VenueState = state
        self.live: list[PaperOrder] = live
        self.fills = [fill for _, fill in store.fills_after(0, 1_000_000)]
        self.payments = [payment for _, payment in store.payments_after(0, 1_000_000)]
        store.close()
        arrivals = Arrivals(folder / "arrivals.db")
        self.requests, self.repeated = arrivals.total(), arrivals.repeated()
        self.faults = arrivals.faults()
        arrivals.close()
        self.journal = SqliteJournal.read(folder / "journal.db")

    def figures(self) -> str:
        """How much there was."""
        return (
            f"requests {self.requests} orders {self.state.orders} fills {len(self.fills)} "
            f"payments {len(self.payments)} faults {dict(self.faults)}"
        )

    def check(self) -> None:
        """Hold both ends together."""
        self.check_events()
        self.check_orders()
        self.check_fills()
        self.check_keys()
        self.check_positions()
        self.check_balances()

    def check_events(self) -> None:
        """Nothing was an error, and no event is missing."""
        assert self.journal.events(types=["error"]) == []
        seqs = [event.seq for event in self.journal.events(limit=10_000_000)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert not [record for record in self.journal.bots() if record.state != "running"]

    def check_orders(self) -> None:
        """No id was sent again, each order was journalled, and the same ones are live."""
        assert self.repeated == []
        ids = [order.client_order_id for order in self.journal.orders(limit=-1)]
        assert len(ids) == len(set(ids))
        live = {order.client_order_id: order for order in self.journal.live_orders()}
        at_venue = {order.request.client_order_id: order for order in self.live}
        assert at_venue.pop(BY_HAND.client_order_id).request == BY_HAND
        assert live.keys() == at_venue.keys()
        assert all(o.state not in IN_DOUBT for o in live.values())
        assert all(at_venue[i].filled == order.filled for i, order in live.items())
        assert len({(order.bot_id, order.key) for order in live.values()}) == len(live)
        assert len(live) > 4

    def check_fills(self) -> None:
        """Every fill at the venue is in the journal once, with the same figures."""
        absorbed = self.journal.fills()
        assert sorted(f.trade_id for f in absorbed) == sorted(f.trade_id for f in self.fills)
        told = {fill.trade_id: fill for fill in self.fills}
        unnamed = {"bot_id": None, "key": None, "fee_quote": None}
        assert all(msgspec.structs.replace(f, **unnamed) == told[f.trade_id] for f in absorbed)
        assert not self.journal.unclaimed_fills()
        paid = sorted(payment.funding_id for payment in self.journal.funding())
        assert paid == sorted(payment.funding_id for payment in self.payments)
        assert {fill.symbol for fill in absorbed} == {SPOT, PERPETUAL, BOUGHT}

    def check_keys(self) -> None:
        """No key was filled by two orders, or beyond what was wanted."""
        orders = {order.client_order_id: order for order in self.journal.orders(limit=-1)}
        by_key: dict[tuple[str, str], list[Fill]] = defaultdict(list)
        for fill in self.fills:
            order = orders[fill.client_order_id]
            by_key[order.bot_id, order.key].append(fill)
        for key, fills in by_key.items():
            assert len({fill.client_order_id for fill in fills}) == 1, key
            filled = sum((fill.quantity for fill in fills), ZERO)
            order = orders[fills[0].client_order_id]
            assert filled == order.filled <= order.quantity, key

    def check_positions(self) -> None:
        """Each bot holds what its fills say, and so does the venue."""
        for record in self.journal.bots():
            saved = msgspec.json.decode(record.books or b"", type=Saved)
            symbol = record.symbols[0]
            held = sum((f.signed_quantity for f in self.fills if f.symbol == symbol), ZERO)
            assert saved.books.position(symbol).quantity == held, record.bot_id
            assert not saved.risk_reason
            if symbol == PERPETUAL:
                assert self.state.positions[symbol].quantity == held
            else:
                assert self.state.balances[symbol.partition("/")[0]] == held

    def check_balances(self) -> None:
        """The venue's money is what was there, and fills, fees and funding; so are the books."""
        cash, position = BALANCES["USDC"], Position()
        for fill in self.journal.fills():
            assert fill.fee_asset == "USDC"
            cash -= fill.fee
            if fill.symbol != PERPETUAL:
                cash -= fill.signed_quantity * fill.price
        for fill in (f for f in self.fills if f.symbol == PERPETUAL):
            position, realized = trade(position, fill.signed_quantity, fill.price, ZERO)
            cash += realized
        cash += sum((payment.amount for payment in self.journal.funding()), ZERO)
        assert cash == self.state.balances["USDC"]
        assert position.quantity == self.state.positions[PERPETUAL].quantity
