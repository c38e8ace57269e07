"""The account beside the bots: what isn't ours, and a difference that nothing explains."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import ResumeBot
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.account import Balance, VenuePosition
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import OrderRequest, OrderType, Side
from nimbus_tui.engine.holdings import not_ours_fact
from nimbus_tui.engine.snapshots import bot_snapshot
from nimbus_tui.exchanges.base import FillPage
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from tests.simulation.worlds import World, instrument

ETH = "ETH/USDC:USDC"
SECOND = 1_000_000_000


class OddExchange(PaperExchange):
    """A venue whose account may show more, or something older, than its orders did."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.more = Decimal(0)
        self.frozen: tuple[list[VenuePosition], list[Balance]] | None = None

    async def positions(self) -> list[VenuePosition]:
        if self.frozen is not None:
            return self.frozen[0]
        true = {one.symbol: one.quantity for one in await super().positions()}
        return [VenuePosition(ETH, true.get(ETH, Decimal(0)) + self.more, Decimal(2400))]

    async def balances(self) -> list[Balance]:
        return list(await super().balances()) if self.frozen is None else self.frozen[1]

    async def stand_still(self) -> None:
        """From now on the account is as it was now."""
        self.frozen = (list(await self.positions()), list(await self.balances()))


def a_world(spot: bool = False, **more: Any) -> World:
    if spot:
        coins = {"USDC": Decimal(10_000), "ETH": Decimal(1)}
        return World(instrument("ETH/USDC"), balances=coins, exchange=OddExchange, **more)
    return World(exchange=OddExchange, **more)


async def looked(world: World, times: int = 1) -> tuple[BotState, str]:
    """Look at the account, half a minute apart."""
    for _ in range(times):
        await world.clock.advance_to(world.clock.now() + 30 * SECOND, world.engine.settle)
        await world.engine.synchronisers["sim"].holdings.look()
        await world.engine.settle()
    row = bot_snapshot(world.engine, world.bot)
    return row.state, row.reason


def not_ours(world: World, holding: str = ETH) -> Decimal:
    return Decimal(world.engine.journal.fact(not_ours_fact("sim", holding)) or "NaN")


async def by_hand(world: World, quantity: str, side: Side = Side.BUY) -> None:
    """The user trades on the account without us."""
    await world.exchange.place_order(
        OrderRequest(
            client_order_id=f"mine{world.clock.now()}",
            symbol=world.instrument.symbol,
            side=side,
            quantity=Decimal(quantity),
            type=OrderType.MARKET,
        )
    )


RUNNING = (BotState.RUNNING, "")


async def test_while_fills_explain_all_the_bot_runs() -> None:
    world = await a_world().start("2400", "2388", "2400", "2376")
    assert world.bot.position(ETH) > 0
    assert not_ours(world) == 0
    assert await looked(world, 3) == RUNNING


async def test_what_was_there_at_the_creation_is_not_ours() -> None:
    world = a_world()
    world.exchange.more = Decimal(7)
    await world.start("2400", "2388")
    assert not_ours(world) == 7
    assert await looked(world, 3) == RUNNING


async def test_the_users_own_fills_change_what_is_not_ours_once() -> None:
    world = await a_world().start("2400")
    await by_hand(world, "0.5")
    await world.tick("2401")
    assert not_ours(world) == Decimal("0.5")
    (page,) = [await world.exchange.fills_since("")]
    for fill in page.fills:
        world.exchange._fills.tell(fill)
    assert await looked(world, 3) == RUNNING
    assert not_ours(world) == Decimal("0.5")


async def test_a_difference_pauses_at_the_second_look_in_words_and_clears_by_itself() -> None:
    world = await a_world().start("2400")
    world.exchange.more = Decimal("0.25")
    assert await looked(world) == RUNNING
    state, reason = await looked(world)
    assert state is BotState.PAUSED
    assert "holds 0.25 ETH/USDC:USDC, its fills explain 0: +0.25" in reason
    assert world.resting() == {}, "nothing that adds may rest"
    assert await looked(world, 3) == (state, reason)
    paused = world.engine.journal.events(types=["paused"])
    assert len(paused) == 1
    world.exchange.more = Decimal(0)
    assert (await looked(world))[0] is BotState.PAUSED
    assert await looked(world) == RUNNING
    assert world.resting()
    assert world.fills() == []


async def test_the_operator_takes_a_difference_for_not_ours() -> None:
    world = await a_world().start("2400")
    world.exchange.more = Decimal("-0.25")
    assert (await looked(world, 2))[0] is BotState.PAUSED
    await world.engine.execute(ResumeBot("grid"))
    assert not_ours(world) == Decimal("-0.25")
    assert await looked(world, 3) == RUNNING


async def test_a_difference_that_changes_from_look_to_look_is_only_lag() -> None:
    world = await a_world().start("2400")
    for more in ("0.1", "0.2", "0.1", "0", "0.3"):
        world.exchange.more = Decimal(more)
        assert await looked(world) == RUNNING


async def test_a_difference_counts_from_the_last_fill_on() -> None:
    world = await a_world().start("2400")
    world.exchange.more = Decimal("0.25")
    assert await looked(world) == RUNNING
    await world.tick("2388")
    assert world.fills()
    assert await looked(world) == RUNNING
    assert (await looked(world))[0] is BotState.PAUSED


@pytest.mark.parametrize("spot", [False, True])
async def test_an_account_that_shows_fills_late_pauses_nobody(spot: bool) -> None:
    world = await a_world(spot).start("2400")
    for price in ("2388", "2400", "2388", "2376", "2388"):
        await world.exchange.stand_still()
        await world.tick(price)
        assert await looked(world) == RUNNING
        world.exchange.frozen = None
    assert world.fills()


async def test_two_looks_in_quick_succession_are_one() -> None:
    world = await a_world().start("2400")
    world.exchange.more = Decimal(1)
    for _ in range(5):
        await world.engine.synchronisers["sim"].holdings.look()
    assert bot_snapshot(world.engine, world.bot).state is BotState.RUNNING


async def test_a_deposit_and_a_withdrawal_of_the_users_own_coins_are_transfers() -> None:
    world = await a_world(spot=True).start("2400", "2388")
    assert not_ours(world, "ETH") == 1
    for change, beside in (("2", 3), ("-2.5", Decimal("0.5"))):
        world.exchange.transfer("ETH", Decimal(change))
        assert await looked(world, 2) == RUNNING
        assert not_ours(world, "ETH") == beside
    told = [event.message for event in world.engine.journal.events(types=["info"])]
    assert any("+2 ETH without a fill, taken for a transfer" in words for words in told)


async def test_coins_of_the_bot_that_are_gone_pause_it() -> None:
    world = await a_world(spot=True).start("2400", "2400")
    held = world.bot.position("ETH/USDC")
    world.exchange.frozen = ([], [Balance("USDC", Decimal(10_000)), Balance("ETH", held / 2)])
    state, reason = await looked(world, 2)
    assert state is BotState.PAUSED
    assert "nobody knows of" in reason


async def test_the_pause_survives_a_restart() -> None:
    world = await a_world().start("2400")
    world.exchange.more = Decimal(1)
    state, reason = await looked(world, 2)
    (record,) = world.engine.journal.bots()
    again = type(world.bot.saved).of(record)
    assert (state, again.difference) == (BotState.PAUSED, reason)


def a_fill(**changes: Any) -> Fill:
    fill = Fill(
        exchange="sim", trade_id="odd", client_order_id="", symbol=ETH, side=Side.SELL,
        price=Decimal(2300), quantity=Decimal("0.01"), fee=Decimal(1), fee_asset="USDC",
        maker=False, ts=5 * SECOND,
    )  # fmt: skip
    return msgspec.structs.replace(fill, **changes)


async def told(world: World, fill: Fill) -> None:
    world.exchange._fills.tell(fill)
    await world.engine.settle()


async def test_a_fill_of_ours_that_no_bot_knows_pauses_until_the_operator_has_looked() -> None:
    world = await a_world().start("2400", "2388")
    tag = world.engine.order_managers["sim"].engine_tag
    await told(world, a_fill(client_order_id=f"{tag}0123456789"))
    world.exchange.more = Decimal("-0.01")
    assert await looked(world) == RUNNING
    state, reason = await looked(world)
    assert state is BotState.PAUSED
    assert "sell 0.01 ETH/USDC:USDC at 2300 on sim was ours and no bot knows it" in reason
    await world.engine.execute(ResumeBot("grid"))
    assert await looked(world, 3) == RUNNING


async def test_a_forced_fill_is_the_holders_and_pauses_it() -> None:
    world = await a_world().start("2400", "2388")
    held = world.bot.position(ETH)
    await told(world, a_fill(forced=True, quantity=held))
    await told(world, a_fill(forced=True, quantity=held))
    world.exchange.more = -held
    assert world.bot.position(ETH) == 0
    assert [fill.key for fill in world.fills()][1:] == ["forced/odd"]
    state, reason = await looked(world, 3)
    assert state is BotState.PAUSED
    assert "the venue closed by force: sell" in reason
    world.engine.auditor.check(world.bot)
    assert not world.engine.auditor._breaches


async def test_a_forced_fill_on_what_no_bot_holds_is_not_ours() -> None:
    world = await a_world().start("2400")
    await told(world, a_fill(forced=True))
    assert world.bot.position(ETH) == 0
    assert not_ours(world) == Decimal("-0.01")


async def test_a_snapshot_that_a_fill_runs_into_does_not_count() -> None:
    world = await a_world().start("2400")
    holdings = world.engine.synchronisers["sim"].holdings
    page = FillPage((a_fill(forced=False, trade_id="late"),), "99")
    original = world.exchange.fills_since

    async def late(cursor: str) -> FillPage:
        world.exchange.fills_since = original
        await world.tick("2388")
        return page

    world.exchange.fills_since = late
    await holdings.look()
    assert holdings._suspects == {}
