"""Level 3 through the running engine: exposure, correlation, leverage, allocation, all bots."""

from decimal import ROUND_UP, Decimal
from math import sin
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import PauseBot, StopBot
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.limits import AccountLimits, EngineLimits
from tests.engine.risk.worlds import (
    MIDNIGHT_NS,
    A,
    B,
    Given,
    RiskWorld,
    in_virtual_time,
    lets,
)

NORMAL, WARNING, THROTTLE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.THROTTLE
PAUSE, EMERGENCY = RiskStep.PAUSE, RiskStep.EMERGENCY
BTC = "BTC/USDC:USDC"
TWO = (Given(bot_id=A), Given(bot_id=B, symbols=(BTC,)))
CENT = Decimal("0.01")
LIMIT = "0.1"
"""Times the equity; what `both` has is 60 % of it."""
KEY = OrderKey("add")
HOUR = MIDNIGHT_NS // 3_600_000_000_000


def engine_limits(**numbers: str) -> dict[str, Any]:
    return {"limits": EngineLimits(**{key: Decimal(one) for key, one in numbers.items()})}


def account_limits(**numbers: str) -> dict[str, Any]:
    given = {key: Decimal(one) for key, one in numbers.items()}
    return {"account_limits": {"sim": AccountLimits(**given)}}


async def both(**settings: Any) -> RiskWorld:
    """10,000 in the account; a is long 5 at 100, with a buy of 1 and a sell of 2 resting."""
    world = await RiskWorld(*TWO, settings=settings).start(ETH="100", BTC="100")
    await world.trade("in buy 5")
    await world.wish("add buy 1 50", "exit sell 2 300")
    assert await world.resting() == {"add": "1", "exit": "2"}
    return world


def reaches(limit: str, percent: str) -> Decimal:
    """The price at which 6 × price are so many percent of limit × (9,500 + 5 × price)."""
    share = Decimal(limit) * Decimal(percent) / 100
    return (share * 9500 / (6 - 5 * share)).quantize(CENT, ROUND_UP)


EXPOSURE = [
    ("70", NORMAL, WARNING),
    ("85", WARNING, THROTTLE),
    ("115", THROTTLE, PAUSE),
    ("130", PAUSE, EMERGENCY),
]
LEVERAGE = [*EXPOSURE[:2], ("110", THROTTLE, PAUSE), EXPOSURE[3]]
RULES = {
    "total_exposure": ("engine", engine_limits(total_exposure=LIMIT), EXPOSURE),
    "leverage": ("account sim", account_limits(leverage=LIMIT), LEVERAGE),
}
STEPS = [(name, *row) for name, (_, _, rows) in RULES.items() for row in rows]


@pytest.mark.parametrize(("rule", "percent", "under", "at"), STEPS)
@in_virtual_time
async def test_exposure_and_leverage_take_their_steps(
    rule: str, percent: str, under: RiskStep, at: RiskStep
) -> None:
    scope, settings, _ = RULES[rule]
    world = await both(**settings)
    price = reaches(LIMIT, percent)
    await world.tick(ETH=str(price - CENT))
    assert world.step(scope) is under
    world = await (await both(**settings)).tick(ETH=str(price))
    assert world.bot(B).standing.risk_step is world.bot().standing.risk_step is at
    if at is not EMERGENCY:
        assert world.step(scope) is at
    told = [one for one in world.told("riskEscalated") if one.step == at.label]
    assert [(one.scope, one.rule, one.limit) for one in told] == [(scope, rule, Decimal(LIMIT))]
    assert told[0].measured >= Decimal(LIMIT) * Decimal(percent) / 100


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("quantity", "leaves"), [("2", True), ("2.01", False)])
@in_virtual_time
async def test_what_one_bot_may_add_is_what_all_others_leave(
    rule: str, quantity: str, leaves: bool
) -> None:
    """800 are allowed; 600 are a's, with its resting buy counted as filled."""
    makes = engine_limits if rule == "total_exposure" else account_limits
    world = await both(**makes(**{rule: "0.08"}))
    await world.wish(f"add buy {quantity} 90", of=B)
    assert (await world.resting(B) == {"add": quantity}) is leaves
    told = [one.message for one in world.told("warning") if one.bot_id == B]
    words = f"add is held back: {rule.replace('_', ' ')} would be 0.08, the limit is 0.08"
    assert told == ([] if leaves else [words])
    assert await world.resting(A) == {"add": "1", "exit": "2"}


@in_virtual_time
async def test_two_bots_that_are_asked_at_once_do_not_spend_the_same_room() -> None:
    settings = engine_limits(total_exposure="0.06")
    world = await RiskWorld(*TWO, settings=settings).start(ETH="100", BTC="100")
    for bot_id in (A, B):
        symbol = world.puppets[bot_id].config.symbols[0]
        world.puppets[bot_id].wishes[KEY] = DesiredOrder(
            key=KEY, symbol=symbol, side=Side.BUY, quantity=Decimal(4), price=Decimal(90)
        )
        world.engine.inbox.put(BotDue(bot_id, replan=True))
    await world.wait(1)
    assert (await world.resting(A), await world.resting(B)) == ({KEY: "4"}, {})


@in_virtual_time
async def test_room_that_another_bot_leaves_is_taken_though_nothing_else_wakes_the_bot() -> None:
    world = await both(**engine_limits(total_exposure="0.08"))
    await world.wish("add buy 3 90", of=B)
    assert await world.resting(B) == {}
    await world.forget("add", "exit")
    await world.trade("out sell 5")
    await world.wait(62)
    assert await world.resting(B) == {"add": "3"}


@pytest.mark.parametrize("rule", RULES)
@in_virtual_time
async def test_at_the_limit_all_bots_may_only_reduce_and_what_rests_stays(rule: str) -> None:
    scope, settings, _ = RULES[rule]
    world = await both(**settings)
    await world.tick(ETH=str(reaches(LIMIT, "100")))
    assert world.step(scope) is THROTTLE
    assert await lets(world) == "no more"
    await world.wish("add buy 0.2 60", of=B)
    assert await world.resting(B) == {}


@pytest.mark.parametrize("rule", RULES)
@in_virtual_time
async def test_at_a_pause_what_adds_goes_from_every_bot_and_what_reduces_stays(rule: str) -> None:
    _, settings, rows = RULES[rule]
    world = await both(**settings)
    await world.wish("add buy 0.5 60", of=B)
    assert await world.resting(B) == {"add": "0.5"}
    await world.tick(ETH=str(reaches(LIMIT, rows[2][0])))
    assert world.bot(B).standing.risk_step is PAUSE
    assert await world.resting(B) == {}
    assert await world.resting(A) == {"exit": "2"}
    assert await lets(world) == "reducing"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("closes", [True, False])
@in_virtual_time
async def test_far_beyond_it_is_an_emergency_that_is_verified_and_latched(
    rule: str, closes: bool
) -> None:
    _, settings, _ = RULES[rule]
    world = await both(**settings, close_in_emergency=closes)
    await world.wish("add buy 0.5 60", of=B)
    await world.tick(ETH=str(reaches(LIMIT, "130")))
    assert world.engine.emergency.latched
    for _ in range(5):
        await world.tick(ETH="231", BTC="100")
        await world.wait(1)
    assert world.engine.emergency.verified
    assert await world.venue.open_orders() == []
    assert world.position() == (0 if closes else 5)
    told = [one for one in world.told("riskEscalated") if one.step == "emergency"]
    assert [one.rule for one in told] == [rule]
    again = await (await world.reborn()).start(ETH="100", BTC="100")
    assert again.engine.state == "emergency"
    await again.wish("more buy 1 40")
    assert await again.venue.open_orders() == []


@in_virtual_time
async def test_an_emergency_that_a_kill_came_between_is_carried_out_by_the_next_process() -> None:
    world = await both(**engine_limits(total_exposure=LIMIT))
    world.engine.emergency.trip_soon = lambda *_: None  # type: ignore[method-assign]
    await world.tick(ETH=str(reaches(LIMIT, "130")))
    assert not world.engine.emergency.latched
    again = await (await world.reborn()).start(ETH="100", BTC="100")
    assert again.engine.emergency.latched
    assert again.engine.emergency.reason.startswith("total exposure: 0.13 of 0.10")


@in_virtual_time
async def test_the_engines_ladder_outlives_a_kill_and_comes_down_after_its_hold() -> None:
    limits = EngineLimits(total_exposure=Decimal(LIMIT), hold="30s")
    world = await both(limits=limits)
    await world.tick(ETH=str(reaches(LIMIT, "115")))
    again = await (await world.reborn()).start(ETH="60", BTC="100")
    assert again.step("engine") is PAUSE
    await again.wish("more buy 1 20")
    assert await again.resting() == {"exit": "2"}
    for step in (THROTTLE, WARNING, NORMAL):
        await again.wait(31)
        assert again.step("engine") is step
    assert set(await again.resting()) == {"add", "exit", "more"}


@in_virtual_time
async def test_a_start_waits_for_first_prices_without_a_pause_and_without_spending_room() -> None:
    """After a kill b's price is late: a must not spend what b holds, and what rests may stay."""
    world = await both(**engine_limits(total_exposure="0.14"))
    await world.trade("in buy 3", of=B)
    again = await (await world.reborn()).start(ETH="100")
    assert again.told("riskEscalated") == []
    await again.wish("more buy 2 90")
    assert await again.resting() == {"add": "1", "exit": "2"}
    await again.wait(40)
    assert again.step("engine") is PAUSE
    assert again.told("riskEscalated")[-1].measured is None
    assert await again.resting() == {"exit": "2"}
    await again.tick(BTC="100")
    await again.wait(1)
    assert again.step("engine") is WARNING
    assert await again.resting() == {"add": "1", "exit": "2", "more": "2"}


@in_virtual_time
async def test_stopped_and_paused_bots_count_with_what_they_hold() -> None:
    world = await RiskWorld(*TWO, settings=engine_limits(total_exposure="0.06")).start(
        ETH="100", BTC="100"
    )
    await world.trade("in buy 5")
    await world.execute(StopBot(A))
    await world.wish("add buy 2 90", of=B)
    assert await world.resting(B) == {}
    await world.tick(ETH=str((Decimal("0.06") * Decimal("1.15") * 9500 / Decimal("4.655")) + 1))
    assert world.step("engine") is PAUSE
    assert (await world.execute(PauseBot(B))).message.startswith("b: paused")


@in_virtual_time
async def test_leverage_is_each_accounts_own() -> None:
    """a's 5 are half a per cent of both accounts together and not what the other's may have."""
    given = (Given(bot_id=A), Given(bot_id=B, symbols=(BTC,), exchange="other"))
    account = AccountLimits(leverage=Decimal(LIMIT))
    settings = {"account_limits": {"sim": account, "other": account}}
    world = await RiskWorld(*given, settings=settings).start(ETH="100", BTC="100")
    await world.trade("in buy 5")
    await world.wish("add buy 1 50", "exit sell 2 300")
    await world.wish("add buy 9 90", of=B)
    assert await world.resting(B) == {"add": "9"}
    await world.tick(ETH=str(reaches(LIMIT, "110")))
    assert (world.step("account sim"), world.step("account other")) == (PAUSE, THROTTLE)
    assert await world.resting(A) == {"exit": "2"}
    assert await world.resting(B) == {"add": "9"}


@in_virtual_time
async def test_coins_are_exposure_and_no_leverage() -> None:
    limits = engine_limits(total_exposure=LIMIT) | account_limits(leverage="0.001")
    world = await RiskWorld(Given(symbols=("ETH/USDC",)), settings=limits).start(ETH="100")
    await world.trade("in buy 5")
    await world.wish("add buy 1 50", "exit sell 2 300")
    await world.tick(ETH=str(reaches(LIMIT, "115")))
    assert (world.step("engine"), world.step("account sim")) == (PAUSE, NORMAL)
    assert await world.resting() == {"exit": "2"}


# correlation


def recorded(journal: SqliteJournal, **shifts: float) -> SqliteJournal:
    """A month of hourly closes; assets with the same shift move alike."""
    for asset, shift in shifts.items():
        closes = {
            HOUR - n: Decimal(str(round(100 * (1 + 0.01 * sin(n * 0.7 + shift)), 6)))
            for n in range(-2, 730)
        }
        text = msgspec.json.encode(closes).decode()
        journal.save_fact(f"risk-closes/{asset}", text)
    return journal


CLUSTERS: list[tuple[dict[str, float], bool]] = [
    ({}, False),
    ({"ETH": 0.0}, False),
    ({"ETH": 0.0, "BTC": 0.0}, False),
    ({"ETH": 0.0, "BTC": 3.14159}, False),
    ({"ETH": 0.0, "BTC": 1.5708}, True),
]


@pytest.mark.parametrize(("shifts", "leaves"), CLUSTERS)
@in_virtual_time
async def test_assets_that_move_together_or_of_which_nothing_is_known_share_a_limit(
    shifts: dict[str, float], leaves: bool
) -> None:
    world = await RiskWorld(
        *TWO,
        settings=engine_limits(correlation="0.06"),
        journal=recorded(SqliteJournal.open(":memory:"), **shifts),
    ).start(ETH="100", BTC="100")
    await world.trade("in buy 5")
    await world.wish("add buy 1.5 90", of=B)
    assert (await world.resting(B) == {"add": "1.5"}) is leaves
    if not leaves:
        told = [one.message for one in world.told("warning") if one.bot_id == B]
        assert told == ["add is held back: correlation would be 0.06, the limit is 0.06"]


@pytest.mark.parametrize(("percent", "under", "at"), [("70", NORMAL, WARNING)])
@in_virtual_time
async def test_correlation_warns_and_refuses_and_never_pauses(
    percent: str, under: RiskStep, at: RiskStep
) -> None:
    world = await both(**engine_limits(correlation=LIMIT))
    price = reaches(LIMIT, percent)
    await world.tick(ETH=str(price - CENT))
    assert world.step("engine") is under
    await world.tick(ETH=str(price))
    assert world.step("engine") is at
    await world.tick(ETH="195")
    assert world.step("engine") is WARNING
    assert await lets(world) == "no more"


@in_virtual_time
async def test_hourly_closes_are_recorded_and_outlive_a_kill() -> None:
    world = await RiskWorld(*TWO, settings=engine_limits(correlation="0.06")).start(ETH="100")
    for price in ("101", "102"):
        await world.jump(1)
        await world.tick(ETH=price)
    again = await (await world.reborn()).start(ETH="103")
    await again.jump(1)
    await again.tick(ETH="104")
    text = again.journal.fact("risk-closes/ETH")
    assert text is not None
    closes = msgspec.json.decode(text, type=dict[int, Decimal])
    assert closes == {HOUR + 1: 100, HOUR + 2: 101, HOUR + 3: 103}


# allocation

SHARES = [("41.99", NORMAL), ("42.01", WARNING), ("59.9", WARNING), ("60.01", WARNING)]


@pytest.mark.parametrize(("share", "step"), SHARES)
@in_virtual_time
async def test_an_assets_share_warns_and_refuses_only_that_asset(
    share: str, step: RiskStep
) -> None:
    """Besides 5 ETH there are 1,000 in two other assets."""
    given = Given(symbols=("ETH/USDC:USDC", BTC, "SOL/USDC:USDC"))
    world = await RiskWorld(given, settings=engine_limits(asset_allocation="60")).start(
        ETH="100", BTC="100", SOL="100"
    )
    await world.wish("in buy 5 - ETH", "inb buy 5 - BTC", "ins buy 5 - SOL")
    await world.tick(ETH="100", BTC="100", SOL="100")
    assert [len(await world.venue.positions()), world.step("engine")] == [3, NORMAL]
    part = Decimal(share) / 100
    await world.tick(ETH=f"{part * 200 / (1 - part):.2f}")
    assert world.step("engine") is step
    await world.wish("add buy 0.2 60 ETH", "other buy 0.2 60 BTC", "exit sell 2 900 ETH")
    over = Decimal(share) > 59
    assert set(await world.resting()) == ({"other", "exit"} if over else {"add", "other", "exit"})


@in_virtual_time
async def test_one_plan_can_not_pass_a_share() -> None:
    given = Given(symbols=("ETH/USDC:USDC", BTC))
    world = await RiskWorld(given, settings=engine_limits(asset_allocation="60")).start(
        ETH="100", BTC="100"
    )
    await world.wish("a buy 3 90 ETH", "b buy 2 90 BTC", "c buy 1 90 ETH")
    assert set(await world.resting()) == {"a", "b"}
