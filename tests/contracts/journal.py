"""What every journal must do; a store's tests subclass this and give an empty `journal`."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import Info, OrderCancelled
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order, OrderState, Side
from nimbus_tui.journal.base import BotRecord, ConfigVersion, Journal
from nimbus_tui.journal.moments import ROWS_PER_BASE, BotMoment, PastPrice, Span


def an_order(identity: str = "nb1", generation: int = 0, **changes: object) -> Order:
    order = Order(
        bot_id="eth", key="grid/+1/c1", generation=generation, client_order_id=identity,
        symbol="ETH/USDC", side=Side.BUY, quantity=Decimal("0.00000001"), price=Decimal("2400.10"),
        state=OrderState.OPEN, created_ns=generation + 1,
    )  # fmt: skip
    return msgspec.structs.replace(order, **changes)


def a_fill(trade_id: str = "1", bot_id: str = "eth") -> Fill:
    return Fill(
        exchange="sim", trade_id=trade_id, client_order_id="nb1", symbol="ETH/USDC", side=Side.BUY,
        price=Decimal("2400.10"), quantity=Decimal("1E-8"), fee=Decimal("0E-10"),
        fee_asset="USDC", maker=True, ts=7, bot_id=bot_id, key="grid/+1/c1",
    )  # fmt: skip


def a_payment(funding_id: str, bot_id: str | None) -> FundingPayment:
    return FundingPayment(
        exchange="sim", funding_id=funding_id, symbol="ETH/USDC:USDC", asset="USDC", ts=7,
        amount=Decimal("-0.00000001"), rate=Decimal("0.0001"), bot_id=bot_id,
    )  # fmt: skip


class JournalContract:
    """The suite; subclasses provide the `journal` fixture."""

    def test_what_was_written_is_read_to_the_last_digit(self, journal: Journal) -> None:
        order, fill = an_order(), a_fill()
        with journal.transaction():
            journal.save_order(order)
            assert journal.record_fill(fill)
        assert journal.order("nb1") == order
        assert journal.fills() == [fill]
        assert str(journal.fills()[0].fee) == "0E-10"

    def test_each_config_that_was_followed_is_kept_once(self, journal: Journal) -> None:
        first, second = ConfigVersion(1, "a", "x = 1\n"), ConfigVersion(3, "b", "x = 2\n")
        with journal.transaction():
            for version in (first, ConfigVersion(2, "a", "x = 1\n"), second):
                journal.save_config_version(version)
        assert journal.config_versions() == [second, first]
        assert journal.config_versions(limit=1) == [second]
        with journal.transaction():
            journal.save_config_version(ConfigVersion(4, "a", "x = 1\n"))
        assert [version.ts for version in journal.config_versions()] == [4, 3, 1]

    def test_of_old_equity_points_the_last_of_each_span_stays(self, journal: Journal) -> None:
        with journal.transaction():
            for ts in (1, 4, 9, 10, 19, 25):
                journal.save_equity("eth", EquityPoint(ts, Decimal(ts)))
            journal.save_equity("btc", EquityPoint(1, Decimal(1)))
        after: int | None = 0
        with journal.transaction():
            while after is not None:
                after = journal.thin_equity(
                    "eth", after_ns=after, until_ns=20, apart_ns=10, limit=3
                )
        assert [point.ts for point in journal.equity("eth")] == [9, 19, 25]
        assert len(journal.equity("btc")) == 1

    def test_a_whole_journal_is_looked_over_in_peace(self, journal: Journal) -> None:
        journal.look_over()
        assert journal.fills() == []

    def test_a_fill_is_recorded_once(self, journal: Journal) -> None:
        with journal.transaction():
            assert journal.record_fill(a_fill())
            assert not journal.record_fill(a_fill())
        assert journal.has_fill(a_fill())
        assert not journal.has_fill(a_fill("2"))
        assert len(journal.fills()) == 1

    def test_a_fill_that_no_bot_knows_waits_until_one_claims_it(self, journal: Journal) -> None:
        nobodys = msgspec.structs.replace(a_fill(), bot_id=None, key=None)
        with journal.transaction():
            assert journal.record_fill(nobodys)
            assert not journal.record_fill(a_fill())
        assert journal.unclaimed_fills() == [nobodys]
        with journal.transaction():
            assert journal.take_unclaimed_fills("nb2") == []
            assert journal.take_unclaimed_fills("nb1") == [nobodys]
            assert journal.record_fill(a_fill("9"))
            assert journal.record_fill(a_fill())
        assert journal.unclaimed_fills() == []
        assert journal.fills(bot_id="eth", limit=1, newest=True) == [a_fill()]

    def test_making_it_durable_changes_nothing_that_anybody_reads(self, journal: Journal) -> None:
        with journal.transaction():
            journal.save_order(an_order())
        journal.make_durable()
        journal.make_durable()
        assert journal.order("nb1") == an_order()
        with journal.transaction():
            assert journal.record_fill(a_fill())

    def test_a_funding_payment_is_recorded_once_and_read_in_order(self, journal: Journal) -> None:
        first, second = a_payment("f1", "eth"), a_payment("f2", "btc")
        with journal.transaction():
            assert journal.record_funding(first)
            assert not journal.record_funding(first)
            assert journal.record_funding(msgspec.structs.replace(first, exchange="other"))
            assert journal.record_funding(second)
        assert [one.exchange for one in journal.funding()] == ["sim", "other", "sim"]
        assert journal.funding(bot_id="btc") == [second]
        assert journal.funding(limit=1, newest=True) == [second]
        assert journal.funding()[0] == first

    def test_a_transaction_that_fails_leaves_nothing(self, journal: Journal) -> None:
        with pytest.raises(RuntimeError, match="stop"), journal.transaction():
            journal.save_order(an_order())
            with journal.transaction():
                journal.record_fill(a_fill())
            raise RuntimeError("stop")
        assert journal.order("nb1") is None
        assert journal.fills() == []

    def test_the_highest_generation_is_the_last_order_of_a_key(self, journal: Journal) -> None:
        with journal.transaction():
            for generation in (0, 2, 1):
                journal.save_order(an_order(f"nb{generation}", generation))
        last = journal.last_order("eth", "grid/+1/c1")
        assert last is not None
        assert last.generation == 2
        assert journal.last_order("eth", "other") is None

    def test_live_orders_are_those_that_have_not_ended(self, journal: Journal) -> None:
        with journal.transaction():
            journal.save_order(an_order("nb0", 0))
            journal.save_order(an_order("nb1", 1, state=OrderState.UNKNOWN))
            journal.save_order(an_order("nb2", 2, state=OrderState.FILLED))
            journal.save_order(an_order("nb0", 0, state=OrderState.CANCELLED))
        assert [order.client_order_id for order in journal.live_orders("eth")] == ["nb1"]
        assert [order.client_order_id for order in journal.orders(limit=2)] == ["nb2", "nb1"]

    def test_events_are_found_by_number_bot_and_type(self, journal: Journal) -> None:
        events = [
            Info(seq=1, ts=1, message="a"),
            OrderCancelled(
                seq=2, ts=2, bot_id="eth", key="k", client_order_id="nb1", symbol="ETH/USDC",
                filled=Decimal(0),
            ),
            Info(seq=3, ts=3, bot_id="eth", message="b"),
        ]  # fmt: skip
        with journal.transaction():
            journal.append_events(events)
        assert journal.last_seq() == 3
        assert journal.events(after=1) == events[1:]
        assert journal.events(bot_id="eth", types=["info"]) == events[2:]
        assert journal.events(limit=2, newest=True) == events[1:]

    def test_a_curve_is_kept_by_bot_and_moment_and_read_from_its_end(
        self, journal: Journal
    ) -> None:
        points = [EquityPoint(at, Decimal(f"100.{at}0")) for at in (1, 2, 3)]
        with journal.transaction():
            for point in (points[2], points[0], points[1]):
                journal.save_equity("eth", point)
            journal.save_equity("btc", EquityPoint(2, Decimal("1E+2")))
        assert [str(point.equity) for point in journal.equity("eth")] == [
            "100.10", "100.20", "100.30",
        ]  # fmt: skip
        assert journal.equity("eth", limit=2) == points[1:]
        assert journal.equity("eth", since_ns=2) == points[1:]
        assert journal.equity("eth", since_ns=4) == journal.equity("sol") == []
        journal.save_equity("eth", EquityPoint(3, Decimal(7)))
        assert journal.equity("eth", since_ns=3) == [EquityPoint(3, Decimal(7))]

    def test_bots_and_facts_are_replaced(self, journal: Journal) -> None:
        record = BotRecord(
            bot_id="eth", incarnation="a1", strategy="grid", exchange="sim",
            symbols=("ETH/USDC",), capital=Decimal(100), created_ns=1, config=b"{}",
        )  # fmt: skip
        changed = msgspec.structs.replace(record, state="paused", strategy_state=b'{"x":1}')
        with journal.transaction():
            journal.save_bot(record)
            journal.save_bot(changed)
            journal.save_fact("latch", "why")
        assert journal.bots() == [changed]
        assert journal.fact("latch") == "why"
        journal.save_fact("latch", None)
        assert journal.fact("latch") is None

    def test_a_bots_fills_are_read_on_from_where_one_was(self, journal: Journal) -> None:
        with journal.transaction():
            for trade_id, bot_id in (("1", "eth"), ("2", "btc"), ("3", "eth"), ("4", "eth")):
                journal.record_fill(a_fill(trade_id, bot_id))
        first = journal.fills_after("eth", 0, 2)
        assert [fill.trade_id for _, fill in first] == ["1", "3"]
        assert [fill.trade_id for _, fill in journal.fills_after("eth", first[-1][0], 9)] == ["4"]

    def test_the_orders_of_a_key_are_read_by_generation(self, journal: Journal) -> None:
        with journal.transaction():
            for generation in (1, 0):
                journal.save_order(an_order(f"nb{generation}", generation))
        assert [o.generation for o in journal.orders_under("eth", "grid/+1/c1")] == [0, 1]

    def test_a_fill_that_is_not_ours_is_recorded_once_and_is_no_fill_of_ours(
        self, journal: Journal
    ) -> None:
        assert journal.record_foreign_fill(a_fill())
        assert not journal.record_foreign_fill(a_fill())
        assert journal.fills() == journal.unclaimed_fills() == []

    def test_a_gap_between_events_is_counted(self, journal: Journal) -> None:
        journal.append_events([Info(seq=seq, ts=1, message="a") for seq in (1, 2, 4)])
        assert journal.events_between(0, 2) == 2
        assert journal.events_between(2, 4) == 1

    def test_a_bot_is_found_as_it_was_after_the_commit_of_an_event(self, journal: Journal) -> None:
        bodies = [b'{"row": %d, "same": "%s"}' % (n, b"x" * 500) for n in range(2 * ROWS_PER_BASE)]
        for number, body in enumerate(bodies):
            span = Span(3 * number + 1, 3 * number + 2, number)
            with journal.transaction():
                journal.save_moment(BotMoment("eth", 0, body), span)
        for number, body in enumerate(bodies):
            assert journal.end_of_commit(3 * number + 1) == 3 * number + 2
            assert journal.end_of_commit(3 * number + 3) == 3 * number + 3
            assert journal.bots_at(3 * number + 3) == [BotMoment("eth", 0, body)]
        assert journal.bots_at(1) == []

    def test_a_row_that_was_rolled_back_is_no_base_for_others(self, journal: Journal) -> None:
        with pytest.raises(RuntimeError, match="stop"), journal.transaction():
            journal.save_moment(BotMoment("eth", 0, b"gone"), Span(1, 1, 1))
            raise RuntimeError("stop")
        journal.save_moment(BotMoment("eth", 0, b"here"), Span(1, 1, 1))
        assert journal.bots_at(1) == [BotMoment("eth", 0, b"here")]

    def test_bots_of_an_earlier_life_only_are_not_there_any_more(self, journal: Journal) -> None:
        journal.save_moment(BotMoment("old", 0, b"1"), Span(1, 1, 1))
        journal.save_moment(BotMoment("new", 5, b"2"), Span(6, 6, 6))
        assert [one.bot_id for one in journal.bots_at(5)] == ["old"]
        assert [one.bot_id for one in journal.bots_at(6)] == ["new"]

    def test_prices_are_found_by_event_and_by_time(self, journal: Journal) -> None:
        early, later, last = (Quote("ETH/USDC", Decimal(p), p * 10) for p in (1, 2, 3))
        journal.save_price("sim", early, Span(1, 4, 10))
        journal.save_price("sim", later, Span(5, 4, 20))
        journal.save_price("sim", last, Span(5, 6, 30))
        assert journal.prices_at(4) == [PastPrice("sim", early)]
        assert journal.prices_at(6) == [PastPrice("sim", last)]
        assert journal.prices_at(4, ts=25) == [PastPrice("sim", later)]
        assert journal.prices_at(4, ts=9) == []

    def test_what_still_held_survives_the_trimming(self, journal: Journal) -> None:
        for at in range(1, 101):
            journal.save_moment(BotMoment("eth", 0, b"%d" % at), Span(at, at, at))
            journal.save_price("sim", Quote("ETH/USDC", Decimal(at), at), Span(at, at, at))
        assert journal.trim_moments(81, ["eth"], [("sim", "ETH/USDC")]) == 64 + 79
        assert journal.bots_at(60) == journal.prices_at(60) == []
        for at in (80, 90, 100):
            assert journal.bots_at(at) == [BotMoment("eth", 0, b"%d" % at)]
            assert journal.prices_at(at)[0].quote.price == at

    def test_the_newest_event_at_a_time_and_the_nearest_of_a_type(self, journal: Journal) -> None:
        ended = OrderCancelled(
            key="k", client_order_id="nb1", symbol="ETH/USDC", filled=Decimal(0), seq=3, ts=30
        )
        others = [Info(seq=seq, ts=seq * 10, message="a") for seq in (1, 2, 4, 5)]
        journal.append_events([*others, ended])
        assert [journal.seq_at(ts) for ts in (9, 10, 39, 40, 99)] == [0, 1, 3, 4, 5]
        assert journal.jump(1, ["orderCancelled", "error"], back=False) == (3, 30)
        assert journal.jump(5, ["orderCancelled"], back=True) == (3, 30)
        assert journal.jump(3, ["orderCancelled"], back=False) is None
        assert journal.jump(3, back=True) == (2, 20)
