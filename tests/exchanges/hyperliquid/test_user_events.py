"""The account's own orders, fills and funding: each told once, and never more than is certain."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.exchanges.hyperliquid import user_events
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from nimbus_tui.exchanges.hyperliquid.user_events import FILLS_WITHIN_S, PAUSES_S, UserEvents
from nimbus_tui.exchanges.hyperliquid.wire import OrderUpdates, UserFills, UserFundings
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    BasicOrder,
    Funding,
    OrderUpdate,
    UserFill,
)
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.hyperliquid.decoded import UNIVERSE
from tests.exchanges.hyperliquid.desk import identity, request
from tests.exchanges.hyperliquid.samples import ADDRESS
from tests.exchanges.net.virtual import in_virtual_time

D = Decimal
CLOID = "0x6e" + "0" * 30
MINUTE_MS = 60_000


class Account:
    """The events of an account, and who hears them."""

    def __init__(self, clock: LoopClock, market: MarketType = MarketType.PERPETUAL) -> None:
        self.sent = SentOrders()
        self.reads: list[int] = []
        self.answers: list[Decimal | Exception] = []
        self.events = UserEvents(
            ExchangeName("hl"), ADDRESS, market, clock=clock, sent=self.sent, read_executed=self.sum
        )
        self.events.universe = UNIVERSE
        self.orders: list[OrderReport] = []
        self.fills: list[Fill] = []
        self.funding: list[FundingPayment] = []
        self.events.orders.add(self.orders.append)
        self.events.fills.add(self.fills.append)
        self.events.funding.add(self.funding.append)

    async def sum(self, order: BasicOrder) -> Decimal:
        self.reads.append(order.oid)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def hear_fills(self, *fills: UserFill, snapshot: bool = False) -> list[int]:
        """The tids that were told thereupon."""
        before = len(self.fills)
        self.events.take(UserFills(UserFills.Fills(ADDRESS, fills, snapshot)))
        return [int(one.trade_id.rpartition("/")[2]) for one in self.fills[before:]]

    def hear_order(self, status: str, left: str = "2", **changes: Any) -> None:
        order = BasicOrder(
            coin="BTC", side="B", limitPx=D(100), sz=D(left), oid=7, timestamp=1,
            origSz=D(2), cloid=CLOID,
        )  # fmt: skip
        changed = msgspec.structs.replace(order, **changes)
        self.events.take(OrderUpdates((OrderUpdate(changed, status, 5),)))

    @property
    def told(self) -> list[tuple[OrderState, Decimal]]:
        return [(one.state, one.filled) for one in self.orders]


def fill(tid: int, time: int = 1_000_000, **changes: Any) -> UserFill:
    wire = UserFill(
        coin="BTC", px=D(100), sz=D(1), side="B", time=time, startPosition=D(0), dir="Open Long",
        closedPnl=D(0), oid=7, crossed=False, fee=D(0), tid=tid, cloid=CLOID,
    )  # fmt: skip
    return msgspec.structs.replace(wire, **changes)


def payment(time: int, coin: str = "BTC") -> Funding:
    return Funding(coin, D(-1), D(2), D("0.001"), time)


def played(play: Any) -> None:
    in_virtual_time(play)


# fills


def test_the_first_snapshot_is_the_past_and_is_not_told() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        assert account.hear_fills(fill(1), fill(2), snapshot=True) == []
        assert account.hear_fills(fill(2), fill(3)) == [3]
        assert account.events.was_told(fill(1))
        assert not account.events.was_told(fill(4))

    played(play)


def test_each_fill_is_told_once_whatever_is_repeated() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_fills(snapshot=True)
        assert account.hear_fills(fill(1), fill(1)) == [1]
        assert account.hear_fills(fill(1), snapshot=True) == []
        assert account.hear_fills(fill(1), fill(2)) == [2]

    played(play)


def test_a_later_snapshot_fills_the_gap_in_order_and_tells_nothing_old() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_fills(fill(1, 1_000_000), snapshot=True)
        gap = [
            fill(5, 1_200_000),
            fill(4, 1_100_000),
            fill(3, 1_000_000 - MINUTE_MS),
            fill(2, 1_000_000 - MINUTE_MS - 1),
            fill(1, 1_000_000),
        ]
        assert account.hear_fills(*gap, snapshot=True) == [3, 4, 5]

    played(play)


def test_a_fill_that_comes_before_the_snapshot_is_told_once() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        assert account.hear_fills(fill(9)) == [9]
        assert account.hear_fills(fill(9), fill(8, 1), snapshot=True) == []

    played(play)


def test_fills_of_another_market_are_not_told_and_not_missed() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        perpetuals, spot = Account(clock), Account(clock, MarketType.SPOT)
        for account in (perpetuals, spot):
            account.hear_fills(snapshot=True)
        news = [fill(1), fill(2, coin="@107"), fill(3, coin="NEWCOIN"), fill(4, coin="#5")]
        assert perpetuals.hear_fills(*news) == [1, 3]
        assert spot.hear_fills(*news) == [2, 4]
        assert all(perpetuals.events.was_told(one) for one in news)

    played(play)


def test_what_fails_for_one_listener_is_known_to_the_others() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_fills(snapshot=True)
        heard: list[Fill] = []

        def fails(_: Fill) -> None:
            raise ValueError("mine")

        account.events.fills.add(fails)
        account.events.fills.add(heard.append)
        with pytest.raises(ValueError, match="mine"):
            account.hear_fills(fill(1))
        assert len(account.fills) == len(heard) == 1

    played(play)


def test_only_so_many_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_events, "MOST_REMEMBERED", 10)

    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_fills(*(fill(number) for number in range(50)), snapshot=True)
        known = [number for number in range(50) if account.events.was_told(fill(number))]
        assert known == list(range(40, 50))

    played(play)


# funding


def test_funding_is_told_once_and_its_past_is_not() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        hour = 3_600_000

        def hear(*payments: Funding, snapshot: bool = False) -> None:
            account.events.take(UserFundings(UserFundings.Fundings(ADDRESS, payments, snapshot)))

        hear(payment(hour + 15), payment(2 * hour + 15), snapshot=True)
        hear(payment(2 * hour + 15))
        hear(payment(3 * hour + 15), payment(3 * hour + 15, "ETH"), payment(3 * hour + 17))
        hear(payment(4 * hour + 15), snapshot=True)
        assert [one.funding_id for one in account.funding] == ["BTC/3", "ETH/3"]

    played(play)


# orders


def test_changes_are_told_at_once_where_nothing_has_filled() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("open")
        account.hear_order("canceled", "2")
        account.hear_order("badAloPxRejected", "2")
        assert account.told == [
            (OrderState.OPEN, D(0)),
            (OrderState.CANCELLED, D(0)),
            (OrderState.REJECTED, D(0)),
        ]

    played(play)


def test_an_end_is_told_right_after_the_last_fill_that_it_claims() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("filled", "0")
        account.hear_fills(fill(1))
        assert account.told == []
        account.hear_fills(fill(2))
        assert account.told == [(OrderState.FILLED, D(2))]
        account.hear_fills(fill(3, oid=8))
        account.hear_order("canceled", "1", oid=8)
        assert account.told[1:] == [(OrderState.CANCELLED, D(1))]
        await clock.sleep(10)
        assert len(account.told) == 2
        assert account.reads == []

    played(play)


def test_an_end_waits_for_its_fills_for_a_while_only() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("canceled", "0.5")
        assert account.told == []
        await clock.sleep(FILLS_WITHIN_S + 0.01)
        assert account.told == [(OrderState.CANCELLED, D("1.5"))]
        assert account.reads == []

    played(play)


def test_the_end_of_a_reduce_only_order_needs_no_read_once_its_fills_are_told() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_fills(fill(1), fill(2))
        account.hear_order("filled", "0", reduceOnly=True)
        assert account.told == [(OrderState.FILLED, D(2))]
        await clock.sleep(10)
        assert account.reads == []

    played(play)


def test_orders_of_another_market_are_not_told() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("open", coin="@107")
        assert account.orders == []

    played(play)


@pytest.mark.parametrize("executed", ["0", "1", "2"])
def test_the_end_of_a_reduce_only_order_is_told_with_what_it_really_filled(executed: str) -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.answers = [D(executed)]
        account.hear_order("filled", "0", reduceOnly=True)
        assert account.orders == []
        await clock.sleep(FILLS_WITHIN_S + 0.01)
        state = OrderState.FILLED if executed == "2" else OrderState.CANCELLED
        assert account.told == [(state, D(executed))]

    played(play)


def test_a_reduce_only_order_that_is_cancelled_untouched_costs_no_read() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("canceled", "2", reduceOnly=True)
        assert account.told == [(OrderState.CANCELLED, D(0))]
        await clock.sleep(10)
        assert account.reads == []

    played(play)


def test_the_end_of_an_order_that_took_is_told_with_its_fills() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.sent.remember(request(0, post_only=False))
        account.answers = [D(1)]
        account.hear_order("canceled", "0", cloid=f"0x6e{identity(0)[2:]}")
        await clock.sleep(FILLS_WITHIN_S + 0.01)
        assert account.told == [(OrderState.CANCELLED, D(1))]

    played(play)


def test_a_read_that_fails_is_tried_again_and_then_left_to_the_comparison() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.answers = [NoAnswer(True, "lost"), ExchangeError("429"), D(2)]
        account.hear_order("filled", "0", reduceOnly=True)
        await clock.sleep(FILLS_WITHIN_S + sum(PAUSES_S[:2]) + 0.01)
        assert account.told == [(OrderState.FILLED, D(2))]
        account.answers = [NoAnswer(True, "lost") for _ in PAUSES_S]
        account.hear_order("filled", "0", reduceOnly=True)
        await clock.sleep(sum(PAUSES_S) + 10)
        assert len(account.orders) == 1
        assert account.answers == []

    played(play)


def test_closing_gives_up_what_is_being_read_and_more_may_be_heard_afterwards() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.hear_order("filled", "0", reduceOnly=True)
        await asyncio.sleep(0)
        await account.events.close()
        await account.events.close()
        await clock.sleep(60)
        assert (account.orders, account.reads) == ([], [])
        account.hear_order("open")
        assert account.told == [(OrderState.OPEN, D(0))]

    played(play)


def test_before_the_lists_are_known_it_says_so() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        account = Account(clock)
        account.events.universe = None
        with pytest.raises(ExchangeError, match="has not been asked yet for what it trades"):
            account.hear_order("open")

    played(play)
