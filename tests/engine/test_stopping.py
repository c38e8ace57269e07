"""One definition of stop: what is told beforehand is what comes of it, in every way of stopping."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from nimbus_tui.control.commands import (
    EmergencyShutdown,
    FlattenBot,
    Rearm,
    Result,
    Shutdown,
    StartBot,
    StopBot,
)
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.consequences import consequence
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.stop_outcomes import outcome_of_stopping, what_stopping_does
from nimbus_tui.engine.stopping import StopOutcome, StopPolicy, StopWay, described, summed
from nimbus_tui.risk.limits import RiskLimits
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

GRID = BotId("grid")
HELD = Decimal("0.0418")
EXITS = RiskLimits(stop_loss_price=Decimal(2380), take_profit_price=Decimal(2396))


async def by_the_operator(world: CrashWorld) -> None:
    await world.engine.execute(StopBot(GRID))


async def by_flatten(world: CrashWorld) -> None:
    await world.engine.execute(FlattenBot(GRID))


async def by_its_stop_loss(world: CrashWorld) -> None:
    await world.tick("2379")


async def by_its_take_profit(world: CrashWorld) -> None:
    await world.tick("2397")


async def by_a_rule(world: CrashWorld) -> None:
    with world.engine.journal.transaction():
        world.bot.standing.stop(StopWay.RULE, "daily loss: 5.2 of 5 %")
        world.bot.save()
    world.engine.inbox.put(BotDue(GRID))


async def by_its_faults(world: CrashWorld) -> None:
    with world.engine.journal.transaction():
        world.bot.standing.fail("raised 5 times")
        world.bot.save()
    world.engine.inbox.put(BotDue(GRID))


async def by_the_emergency(world: CrashWorld) -> None:
    await world.engine.execute(EmergencyShutdown())


WAYS: dict[StopWay, Callable[[CrashWorld], Awaitable[None]]] = {
    StopWay.OPERATOR: by_the_operator,
    StopWay.FLATTEN: by_flatten,
    StopWay.STOP_LOSS: by_its_stop_loss,
    StopWay.TAKE_PROFIT: by_its_take_profit,
    StopWay.RULE: by_a_rule,
    StopWay.FAULTS: by_its_faults,
    StopWay.EMERGENCY: by_the_emergency,
}
CLOSES = {  # decision by decision: on_stop keep, on_stop close
    StopWay.OPERATOR: (False, True),
    StopWay.FLATTEN: (True, True),
    StopWay.STOP_LOSS: (True, True),
    StopWay.TAKE_PROFIT: (True, True),
    StopWay.POSITION_AGE: (True, True),
    StopWay.OTHER_EXIT: (True, True),
    StopWay.RULE: (False, True),
    StopWay.FAULTS: (False, True),
    StopWay.EMERGENCY: (False, False),
    StopWay.REARM: (False, False),
    StopWay.SHUTDOWN: (False, False),
}


@pytest.mark.parametrize("way", StopWay)
@pytest.mark.parametrize("close_on_stop", [False, True])
def test_f17_the_policy_says_for_each_way_whether_the_position_goes(
    way: StopWay, close_on_stop: bool
) -> None:
    policy = StopPolicy(close_on_stop=close_on_stop)
    assert policy.closes(way) is CLOSES[way][close_on_stop]
    closing = StopPolicy(close_on_stop=close_on_stop, close_in_emergency=True)
    assert closing.closes(way) is (CLOSES[way][close_on_stop] or way is StopWay.EMERGENCY)
    assert policy.cancels(way) is (way is not StopWay.SHUTDOWN)


@pytest.mark.parametrize("symbol", ["ETH/USDC:USDC", "ETH/USDC"])
@pytest.mark.parametrize("close_in_emergency", [False, True])
@pytest.mark.parametrize("close_on_stop", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_f17_what_is_told_before_a_stop_is_what_comes_of_it(
    way: StopWay, close_on_stop: bool, close_in_emergency: bool, symbol: str
) -> None:
    world = CrashWorld(
        instrument(symbol),
        limits=EXITS,
        close_on_stop=close_on_stop,
        close_in_emergency=close_in_emergency,
    )
    await world.start("2400", "2388")
    bot, traded = world.bot, world.instrument
    held = bot.position(traded.symbol)
    foretold = outcome_of_stopping(bot, way)
    told = what_stopping_does(bot, way)
    assert set(foretold.cancels) == set(bot.keeper.live)
    assert len(foretold.cancels) == 6
    before = len(world.fills())
    await WAYS[way](world)
    last = "2379" if way is StopWay.STOP_LOSS else "2389"
    await world.tick(*[last] * 5)
    assert await world.exchange.open_orders() == []
    assert bot.keeper.live == {}
    left = bot.position(traded.symbol)
    stays = {**foretold.keeps, **foretold.dust}
    assert left == stays.get(traded.symbol, 0)
    traded_away = sum((fill.signed_quantity for fill in world.fills()[before:]), Decimal(0))
    assert traded_away == -foretold.closes.get(traded.symbol, Decimal(0))
    assert held == left + foretold.closes.get(traded.symbol, Decimal(0))
    closes = CLOSES[way][close_on_stop] or (way is StopWay.EMERGENCY and close_in_emergency)
    assert ("sold at the market" in told) is closes
    assert ("is kept" in told) is not closes
    assert f"{held.normalize():f} ETH" in told
    assert told.startswith("grid: 6 orders are cancelled; ")


@pytest.mark.parametrize("cancels", [False, True, None])
async def test_f17_the_end_of_the_engine_touches_no_position(cancels: bool | None) -> None:
    world = await CrashWorld(close_on_stop=True).start("2400", "2388")
    told = consequence(world.engine, Shutdown(cancels)).message
    foretold = outcome_of_stopping(world.bot, StopWay.SHUTDOWN, asked=cancels)
    await world.engine.stop(cancel_orders=cancels)
    resting = await world.exchange.open_orders()
    assert len(resting) == len(foretold.stays) == (0 if cancels else 6)
    assert (await world.exchange.positions())[0].quantity == HELD
    assert ("6 orders are cancelled" if cancels else "6 orders go on resting") in told
    assert "1 position is kept" in told


async def test_f17_the_key_the_command_line_and_a_program_send_one_command() -> None:
    for close_on_stop in (False, True):
        world = await CrashWorld(close_on_stop=close_on_stop).start("2400", "2388")
        told = consequence(world.engine, StopBot(GRID))
        assert told.result is Result.ACCEPTED
        assert told.message == what_stopping_does(world.bot)


async def test_after_an_emergency_a_rearm_leaves_each_position_as_it_is() -> None:
    world = await CrashWorld(close_on_stop=True).start("2400", "2388")
    await world.engine.execute(EmergencyShutdown())
    await world.tick(*["2388"] * 10)
    assert (await world.engine.execute(Rearm())).result is Result.DONE
    await world.tick(*["2388"] * 5)
    assert world.bot.position(world.instrument.symbol) == HELD
    await world.engine.execute(StartBot(GRID))
    await world.tick("2400", "2401")
    assert world.resting()


async def test_a_stop_that_is_closing_goes_on_closing_when_it_is_stopped_again() -> None:
    world = await CrashWorld().start("2400", "2388")
    await world.engine.execute(FlattenBot(GRID))
    assert what_stopping_does(world.bot) == (
        "grid: 6 orders are cancelled; 0.0418 ETH are sold at the market"
    )


async def test_dust_is_told_before_and_stays() -> None:
    traded = instrument("ETH/USDC", min_notional=Decimal(50))
    world = CrashWorld(traded, initial_inventory="none", levels=1, recenter="hold")
    await world.start("2400", "2388", "1100")
    assert what_stopping_does(world.bot, StopWay.FLATTEN) == (
        "grid: 1 order is cancelled; 0.0418 ETH stay: they are under the venue's least order"
    )
    await world.engine.execute(FlattenBot(GRID))
    await world.tick(*["1100"] * 5)
    assert world.bot.position(traded.symbol) == HELD
    assert world.resting() == {}


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (StopOutcome(bot_id=GRID, cancels=()), "grid: no order is cancelled; it has no position"),
        (
            StopOutcome(bot_id=GRID, cancels=("a",), keeps={"ETH/USDC:USDC": Decimal("-0.5")}),
            "grid: 1 order is cancelled; its position of a short of 0.5 ETH is kept",
        ),
        (
            StopOutcome(bot_id=GRID, cancels=(), closes={"ETH/USDC:USDC": Decimal("-0.50")}),
            "grid: no order is cancelled; 0.5 ETH are bought back at the market",
        ),
        (
            StopOutcome(bot_id=GRID, cancels=(), stays=("a",), dust={"ETH/USDC": Decimal("0.001")}),
            "grid: 1 order goes on resting; 0.001 ETH stay: they are under the venue's least order",
        ),
    ],
)
def test_an_outcome_is_one_sentence(outcome: StopOutcome, words: str) -> None:
    traded = {one.symbol: one for one in (instrument(), instrument("ETH/USDC"))}
    assert described(outcome, traded) == words


def test_several_outcomes_are_counted() -> None:
    one = StopOutcome(bot_id=GRID, cancels=("a", "b"), closes={"ETH/USDC": Decimal(1)})
    other = StopOutcome(bot_id=GRID, cancels=("c",), keeps={"ETH/USDC": Decimal(1)})
    assert summed([one, other]) == (
        "3 orders are cancelled; 1 position is closed at the market; 1 position is kept"
    )
    assert summed([]) == "no order is cancelled"
