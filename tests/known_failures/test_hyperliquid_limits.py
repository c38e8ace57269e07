"""What Hyperliquid takes only in part or only so often: post-only phases, budgets, 429."""

import asyncio
from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import (
    Accepted,
    CancelResponse,
    DesiredOrder,
    OrderType,
    Side,
    Unknown,
)
from nimbus_tui.core.plan import View
from nimbus_tui.exchanges.hyperliquid import connection
from tests.exchanges.hyperliquid.fast_clock import FastClock
from tests.exchanges.hyperliquid.opened import ETH, buy, cancel_of, opened, until
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.faults import Fault, Faults, Met
from tests.known_failures.hyperliquid_stories import HYPE, Bot, trading, wisher
from tests.known_failures.wisher import WisherState, Wishes, wish

BTC = Symbol("BTC/USDC:USDC")
WEIGHT = 900
"""What a host takes in a minute in these stories."""


def take(key: str, quantity: str, side: Side = Side.BUY, **changes: object) -> DesiredOrder:
    """A market order of ETH."""
    market = wish(key, None, quantity, side)
    return msgspec.structs.replace(market, type=OrderType.MARKET, **changes)


def make(key: str, price: str, symbol: Symbol = ETH, quantity: str = "0.05") -> DesiredOrder:
    """A buy that must rest."""
    rests = wish(key, price, quantity)
    return msgspec.structs.replace(rests, symbol=symbol, post_only=True)


def wishes_of(orders: list[DesiredOrder]) -> Wishes:
    """Whatever is in a list, as long as it is not done."""

    def wishes(_: View, state: WisherState) -> tuple[DesiredOrder, ...]:
        return tuple(one for one in orders if one.key not in state.filled)

    return wishes


async def test_f21_in_a_post_only_phase_makers_go_on_takers_wait_and_are_taken_afterwards() -> None:
    makes: list[DesiredOrder] = []
    takes: list[DesiredOrder] = []
    bots = (Bot(wisher(wishes_of(makes)), "maker"), Bot(wisher(wishes_of(takes)), "taker"))
    async with trading(*bots) as story:
        story.server.world.post_only = True
        takes.append(take("in", "0.05"))
        for number in range(5):
            makes.append(make(f"make/{number}", str(2380 - number)))
            await story.move(str(2400 + number % 2))
            await until(lambda count=number + 1: len(story.resting()) == count)  # type: ignore[misc]
            await story.wait(5)
        assert story.truth() == 0
        assert not story.bot("taker").standing.is_paused
        assert not story.bot("maker").standing.is_paused
        # The venue itself is asked every now and then only.
        assert story.server.audit.actions["order"] <= len(makes) + 3
        status = story.exchanges["perpetual"].connection_status()
        assert "post-only orders only" in status.detail
        story.server.world.post_only = False
        await until(lambda: story.position() == story.truth() == Decimal("0.05"))
        assert len(story.resting()) == 5
        takes.append(take("out", "0.05", Side.SELL, reduce_only=True))
        await story.move("2402")
        await until(lambda: story.position() == story.truth() == 0)
        await story.ends_well()


def replacing(symbol: Symbol, quantity: str) -> Wishes:
    """Wants to buy a little under the price, elsewhere at every price."""

    def wishes(view: View, _: WisherState) -> tuple[DesiredOrder, ...]:
        price = view.prices[symbol] * Decimal("0.9")
        shown = f"{price:.0f}" if price > 100 else f"{price:.2f}"
        return tuple(make(f"slot/{number}", shown, symbol, quantity) for number in range(2))

    return wishes


async def test_f22_bots_and_adapters_on_one_host_share_a_budget_and_exits_go_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "WEIGHT_PER_MINUTE", WEIGHT)
    watched: list[DesiredOrder] = []
    bots = (
        Bot(wisher(replacing(ETH, "0.05")), "eth"),
        Bot(wisher(replacing(BTC, "0.001")), "btc", BTC),
        Bot(wisher(replacing(HYPE, "1")), "hype", HYPE),
        Bot(wisher(wishes_of(watched)), "exits"),
    )
    async with trading(*bots) as story:
        story.server.world.readings.weight_per_minute = WEIGHT
        watched.append(take("in", "0.05"))
        await story.move("2401")
        await until(lambda: story.truth() == Decimal("0.05"))
        perpetual, spot = story.exchanges["perpetual"], story.exchanges["spot"]
        assert perpetual.connection.budget is spot.connection.budget
        end = story.clock.now() + 60_000 * NS_PER_MS
        most, number = 0.0, 0
        while story.clock.now() < end:
            number += 1
            await story.move(str(2400 + number % 50))
            await story.move(str(80_000 + 10 * (number % 50)), BTC)
            await story.move(str(40 + Decimal(number % 50) / 100), HYPE)
            most = max(most, perpetual.connection_status().rate_used)
            await story.wait(0.5)
            if number == 60:
                watched.append(take("out", "0.05", Side.SELL, reduce_only=True))
        await until(lambda: story.truth() == story.position() == 0)
        assert most > 0.9
        assert story.server.audit.of(Rule.WEIGHT) == []
        await story.ends_well()


async def test_f22_when_ordinary_requests_wait_cancels_and_exits_still_leave() -> None:
    async with opened(clock=FastClock()) as both:
        exchange = both.exchange
        inside = buy(1, None, post_only=False, type=OrderType.MARKET)
        assert isinstance(await exchange.place_order(inside), Accepted)
        assert isinstance(await exchange.place_order(buy(2)), Accepted)
        budget = exchange.connection.budget
        while budget.try_take(1):
            pass
        waiting = asyncio.ensure_future(exchange.place_order(buy(3, "2380")))
        assert isinstance(await exchange.cancel_order(cancel_of(2)), Accepted)
        out = buy(4, None, side=Side.SELL, reduce_only=True, post_only=False, type=OrderType.MARKET)
        assert isinstance(await exchange.place_order(out), Accepted)
        assert both.account.position_size("ETH") == 0
        answer = await waiting
        assert "budget of requests" in getattr(answer, "reason", "")
        assert both.server.audit.actions["order"] == 3


async def test_f22_a_429_keeps_everybody_away_and_exits_come_back_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FastClock()
    arrived: list[tuple[int, tuple[str, ...]]] = []
    honest = Faults.next

    def noted(self: Faults, *kinds: str) -> Met | None:
        arrived.append((clock.now(), kinds))
        return honest(self, *kinds)

    async with opened(clock=clock) as both:
        await both.exchange.place_order(buy(1))
        monkeypatch.setattr(Faults, "next", noted)
        both.server.faults.script(Fault.BUSY, on="order")
        assert isinstance(await both.exchange.place_order(buy(2)), Unknown)
        ordinary = asyncio.ensure_future(both.exchange.place_order(buy(3, "2380")))
        await asyncio.sleep(0)
        cancelled: CancelResponse = await both.exchange.cancel_order(cancel_of(1))
        assert isinstance(cancelled, Accepted)
        assert isinstance(await ordinary, Accepted)
        (busy_ns, _), *later = arrived
        assert [kinds[-1] for _, kinds in later] == ["cancelByCloid", "order"]
        assert all(at - busy_ns >= 1000 * NS_PER_MS for at, _ in later)
        assert both.server.faults.happened[Fault.BUSY] == 1
