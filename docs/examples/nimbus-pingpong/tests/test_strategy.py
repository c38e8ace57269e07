"""What holds for ping-pong whatever the prices do, and a backtest that trades."""

import math
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from nimbus_pingpong.strategy import (
    PingPongConfig,
    PingPongState,
    PingPongStrategy,
    absorbed,
    problems,
    sampled,
)

import nimbus_tui
from nimbus_tui import NS_PER_SECOND, Fill, Instrument, Plan, Side, Symbol, Tick, View

ETH = Symbol("ETH/USDC")
GRAIN = Instrument(
    symbol=ETH,
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.0001"),
    min_notional=Decimal(10),
    maker_fee=Decimal("0.0002"),
    taker_fee=Decimal("0.0005"),
)
CONFIG = PingPongConfig(symbol=ETH, quote_size=Decimal(100))

prices = st.decimals(min_value=1000, max_value=3000, places=2)
shares = st.sampled_from([Decimal(0), Decimal("0.3"), Decimal("0.5"), Decimal(1)])
steps = st.lists(st.tuples(prices, shares, st.booleans()), min_size=1, max_size=40)


class Market:
    """Fills what the strategy wants, in parts, a minute a step, and keeps books of its own."""

    def __init__(self) -> None:
        self.strategy = PingPongStrategy("bot", CONFIG, {ETH: GRAIN})
        self.held = Decimal(0)
        self.spent_keys: set[str] = set()
        self.filled: dict[str, Decimal] = {}
        self.plans: list[tuple[Plan, PingPongState]] = []
        self.now = 0

    def step(self, price: Decimal, share: Decimal, cancelled: bool) -> None:
        self.now += 60 * NS_PER_SECOND
        view = View(
            now=self.now,
            prices={ETH: price},
            live=frozenset(),
            positions={ETH: self.held},
            cash={},
        )
        plan = self.strategy.plan(view)
        self.plans.append((plan, self.strategy.state))
        (order,) = plan.orders
        done = self.filled.get(order.key, Decimal(0))
        part = GRAIN.round_quantity((order.quantity - done) * share)
        if part and order.price is not None:
            fee = part * order.price * GRAIN.maker_fee
            self.fill(order.key, order.side, order.price, part, fee)
            done += part
        if done >= order.quantity:
            self.spent_keys.add(order.key)
        elif done and cancelled:
            self.spent_keys.add(order.key)
            ended = {
                "bot_id": "bot",
                "key": order.key,
                "generation": 0,
                "client_order_id": "",
                "symbol": ETH,
                "side": order.side,
                "quantity": order.quantity,
                "filled": done,
            }
            self.strategy.handle_order_end(nimbus_tui.Order(**ended))

    def fill(self, key: str, side: Side, price: Decimal, quantity: Decimal, fee: Decimal) -> None:
        fields = {
            "exchange": "sim",
            "trade_id": str(len(self.plans)),
            "client_order_id": "",
            "symbol": ETH,
            "side": side,
            "price": price,
            "quantity": quantity,
            "fee": fee,
            "fee_asset": "USDC",
            "maker": True,
            "ts": self.now,
            "key": key,
        }
        fill = Fill(**fields)
        self.strategy.handle_order_fill(fill)
        self.held += fill.signed_quantity
        self.filled[key] = self.filled.get(key, Decimal(0)) + quantity


def played(story: list[tuple[Decimal, Decimal, bool]]) -> Market:
    market = Market()
    for step in story:
        market.step(*step)
    return market


@given(steps)
def test_what_it_thinks_it_holds_is_the_sum_of_its_fills(
    story: list[tuple[Decimal, Decimal, bool]],
) -> None:
    market = played(story)
    assert market.strategy.state.held == market.held >= 0


@given(steps)
def test_it_never_offers_more_than_it_holds(
    story: list[tuple[Decimal, Decimal, bool]],
) -> None:
    for plan, state in played(story).plans:
        (order,) = plan.orders
        if order.side is Side.SELL:
            assert order.quantity - state.filled <= state.held


@given(steps)
def test_it_never_uses_a_key_again_that_is_spent(
    story: list[tuple[Decimal, Decimal, bool]],
) -> None:
    market = Market()
    for step in story:
        spent = set(market.spent_keys)
        market.step(*step)
        plan, _ = market.plans[-1]
        assert spent.isdisjoint(order.key for order in plan.orders)


@given(steps)
def test_it_buys_under_the_mean_and_sells_for_more_than_it_paid(
    story: list[tuple[Decimal, Decimal, bool]],
) -> None:
    for plan, state in played(story).plans:
        (order,) = plan.orders
        assert order.price is not None
        assert state.mean is not None
        near = 1 + CONFIG.follow_percent / 100
        if order.side is Side.BUY:
            assert order.price < state.mean * near
        else:
            assert order.price * near >= state.cost / state.held * (1 + CONFIG.profit_percent / 100)


@given(steps)
def test_every_order_is_on_the_instruments_grain(
    story: list[tuple[Decimal, Decimal, bool]],
) -> None:
    for plan, _ in played(story).plans:
        (order,) = plan.orders
        assert order.price is not None
        assert GRAIN.on_tick(order.price)
        assert GRAIN.on_lot(order.quantity)


@given(steps)
def test_a_restart_changes_nothing(story: list[tuple[Decimal, Decimal, bool]]) -> None:
    market = played(story)
    again = PingPongStrategy("bot", CONFIG, {ETH: GRAIN})
    again.initialize(market.strategy.saved_state())
    assert again.state == market.strategy.state


@given(prices, prices, st.integers(1, 500))
def test_the_mean_stays_between_what_it_was_and_the_price(
    first: Decimal, then: Decimal, looks: int
) -> None:
    begun = sampled(PingPongState(), CONFIG, first, 0)
    moved = sampled(begun, CONFIG, then, looks * 60 * NS_PER_SECOND)
    assert begun.mean == first
    assert moved.mean is not None
    assert min(first, then) <= moved.mean <= max(first, then)


@given(prices, prices, st.integers(1, 60))
def test_looks_that_were_missed_are_made_up_for(first: Decimal, then: Decimal, looks: int) -> None:
    begun = sampled(PingPongState(), CONFIG, first, 0)
    at_once = sampled(begun, CONFIG, then, looks * 60 * NS_PER_SECOND)
    one_by_one = begun
    for look in range(1, looks + 1):
        one_by_one = sampled(one_by_one, CONFIG, then, look * 60 * NS_PER_SECOND)
    assert at_once.mean is not None
    assert one_by_one.mean is not None
    assert abs(at_once.mean - one_by_one.mean) < Decimal("1e-8")


def test_the_worked_example() -> None:
    market = Market()
    market.step(Decimal(2000), Decimal(1), False)
    (buy,) = market.plans[0][0].orders
    assert (buy.side, buy.price, buy.quantity) == (Side.BUY, Decimal(1980), Decimal("0.0505"))
    market.step(Decimal(2000), Decimal(1), False)
    (sell,) = market.plans[1][0].orders
    assert (sell.side, sell.price, sell.quantity) == (Side.SELL, Decimal(2000), Decimal("0.0505"))
    market.step(Decimal(2000), Decimal(0), False)
    assert market.strategy.state.round_trips == 1
    assert market.strategy.state.held == 0


def test_a_loss_is_not_sold_however_low_the_mean() -> None:
    market = Market()
    market.step(Decimal(2000), Decimal(1), False)
    market.step(Decimal(1000), Decimal(0), False)
    (sell,) = market.plans[1][0].orders
    assert sell.price == Decimal("1990.30")


def test_a_fee_in_coins_is_not_there_to_be_sold() -> None:
    fill = Fill(
        exchange="sim",
        trade_id="1",
        client_order_id="",
        symbol=ETH,
        side=Side.BUY,
        price=Decimal(2000),
        quantity=Decimal(1),
        fee=Decimal("0.001"),
        fee_asset="ETH",
        maker=True,
        ts=0,
    )
    state = absorbed(PingPongState(), fill, GRAIN)
    assert (state.held, state.cost) == (Decimal("0.999"), Decimal(2000))


def test_mistakes_are_told_by_their_keys() -> None:
    wrong = msgspec.structs.replace(
        CONFIG, quote_size=Decimal(5), samples=0, profit_percent=Decimal("0.05")
    )
    found = [problem.key for problem in problems(wrong, GRAIN)]
    assert found == ["samples", "quote_size", "profit_percent"]
    assert problems(CONFIG, GRAIN) == []


TEXT = """
[exchanges.sim]
type = "paper"

[bots.eth]
strategy = "pingpong"
exchange = "sim"
symbol = "ETH/USDC"
quote_size = 100
band_percent = 0.5
"""


def test_it_trades_in_a_backtest_and_its_books_are_the_engines() -> None:
    wave = (
        Tick(
            n * 60 * NS_PER_SECOND,
            ETH,
            Decimal(str(round(2000 + 40 * math.sin(n / 20), 2))),
            Decimal(1),
        )
        for n in range(1, 2_000)
    )
    report = nimbus_tui.backtest(nimbus_tui.parse_config(TEXT), ticks=wave)
    bot = report.bots[nimbus_tui.BotId("eth")]
    assert report.errors == ()
    assert bot.bot.round_trips >= 5
    assert bot.bot.equity > bot.bot.capital
    assert bot.bot.statistics["held"] == str(bot.bot.position)
