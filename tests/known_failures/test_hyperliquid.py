"""What has gone wrong elsewhere, on Hyperliquid: lost answers, races, drops, half dead sockets."""

import asyncio
from decimal import Decimal
from itertools import permutations

import pytest

from nimbus_tui.core.events import Connected, Disconnected
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine import synchroniser
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from nimbus_tui.exchanges.hyperliquid import posting
from tests.exchanges.hyperliquid.opened import PATIENCE_S, until
from tests.exchanges.hyperliquid.server.faults import Fault, SocketFault
from tests.exchanges.hyperliquid.server.streams import Streams
from tests.known_failures.hyperliquid_stories import (
    Bot,
    HeldFrames,
    VenueStory,
    grid,
    trading,
    wisher,
)
from tests.known_failures.test_orders import QUANTITY, entry_at
from tests.known_failures.wisher import Wishes

GRID = 6
"""Orders of the grid of the stories."""
FOR_EVER = 1_000_000


def reads_nothing(story: VenueStory) -> None:
    """Every question fails until the faults are cleared."""
    story.server.faults.script(Fault.ERROR, on="info", times=FOR_EVER)


def entry_once(prices: list[str]) -> Wishes:
    """Nothing as long as there is no price; then 0.1 at the newest."""
    wishes = entry_at(prices)
    return lambda view, state: wishes(view, state) if prices else ()


async def grid_stands(story: VenueStory) -> None:
    await until(lambda: len(story.resting()) == GRID and story.agrees())


@pytest.mark.parametrize("fault", [Fault.HANG_AFTER, Fault.CUT_AFTER, Fault.NULL])
async def test_f01_an_order_whose_answer_was_lost_and_which_fills_45_s_later_is_one_order(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_WITHIN_S", 0.3)
    prices: list[str] = []
    async with trading(Bot(wisher(entry_once(prices)))) as story:
        story.server.faults.script(fault, on="order")
        reads_nothing(story)
        story.server.sockets.muted.add(SocketFault.MUTE_USER)
        prices.append("2388")
        await story.move("2401")
        await until(lambda: len(story.resting()) == 1)
        await story.wait(45)
        assert story.position() == 0
        await story.move("2388")
        await story.wait(5)
        assert story.truth() == QUANTITY
        assert (len(story.account.orders), story.server.audit.actions["order"]) == (1, 1)
        story.server.sockets.muted.clear()
        story.server.faults.clear()
        await until(lambda: story.position() == story.truth() == QUANTITY)
        await story.move("2389")
        await story.wait(10)
        assert len(story.account.orders) == 1
        await story.ends_well()


TOLD = ("answer", "open", "fill", "cancel answer", "end")
"""What is told of an order around its replacement."""


async def replaced(known_by: str, size: str, order: tuple[str, ...]) -> None:
    """An order is replaced while it fills, and its messages arrive in the given order."""
    prices: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        frames = HeldFrames(patch)
        async with trading(Bot(wisher(entry_once(prices)))) as story:
            frames.holds = lambda name: name != known_by
            prices.append("2380")
            await story.move("2401")
            await until(lambda: bool(story.bot().keeper.live) and len(frames.letters) == 1)
            reads_nothing(story)
            await story.caught_up()
            prices.append("2390")
            if size != "0":
                await story.move("2380", volume=Decimal(size))
            await story.move("2402")
            cancels = story.server.audit.actions
            await until(lambda: cancels["cancel"] + cancels["cancelByCloid"] == 1)
            for name in order:
                frames.deliver(name)
                await story.caught_up()
                await asyncio.sleep(0.01)
                assert open_quantity(story) + story.truth() <= QUANTITY
            assert not frames.letters
            story.server.faults.clear()
            await story.move("2403")
            await until(lambda: open_quantity(story) + story.truth() == QUANTITY)
            assert story.truth() == Decimal(size)
            assert set(story.resting().values()) <= {Decimal(2390)}
            left = QUANTITY - Decimal(size)
            assert [one.asked for one in story.account.orders] == [QUANTITY, *[left] * bool(left)]
            await story.ends_well()


def open_quantity(story: VenueStory) -> Decimal:
    """What may still fill."""
    return sum((one.left for one in story.account.open_orders), Decimal(0))


@pytest.mark.parametrize("size", ["0", "0.03", "0.1"])
@pytest.mark.parametrize("known_by", ["answer", "open"])
def test_f08_the_venues_messages_around_a_replacement_may_come_in_any_order(
    known_by: str, size: str
) -> None:
    for order in permutations([name for name in TOLD if name != known_by]):
        asyncio.run(replaced(known_by, size, order))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparisons follow each other fast."""
    monkeypatch.setattr(synchroniser, "COMPARE_EVERY_S", 15.0)


def connection_rule(story: VenueStory) -> tuple[RiskStep, str]:
    """Where the rule about silence stands, and what it has measured."""
    readings = risk_snapshot(story.engine).readings
    (one,) = [reading for reading in readings if reading.rule == "connection"]
    return one.step, one.source


async def goes_on(story: VenueStory, price: str) -> None:
    """What is bought gets its counter order, perhaps a smaller one: the bot trades again."""
    before, orders, step = story.position(), len(story.account.orders), 0
    async with asyncio.timeout(PATIENCE_S):
        while story.position() == before or len(story.account.orders) == orders:
            await story.move(str(Decimal(price) + step % 2))
            await story.wait(1)
            step += 1


async def test_f18_a_socket_that_is_open_and_dead_pauses_in_sight_and_heals() -> None:
    async with trading(Bot(grid), watches_streams=True) as story:
        await grid_stands(story)
        (hl,) = story.exchanges.values()
        story.server.sockets.deaden(new_ones=True)
        await story.move("2388")  # bought, and nobody is told
        await until(lambda: bool(story.told(Disconnected)))
        assert not story.engine.synchronisers["perpetual"].in_step
        noticed = ("no answer to a ping", "no price of ETH")
        assert any(words in story.told(Disconnected)[0].reason for words in noticed)
        await until(lambda: connection_rule(story)[0] is RiskStep.PAUSE)
        sent = story.server.audit.actions["order"]
        await story.wait(15)
        assert not hl.is_connected()
        assert hl.connection_status().detail
        assert story.server.audit.actions["order"] == sent
        story.server.sockets.deaf = False
        story.server.sockets.drop()
        await until(lambda: story.position() == story.truth() == Decimal("0.0418"))
        assert story.told(Connected)
        await until(lambda: connection_rule(story)[0] is RiskStep.NORMAL)
        await goes_on(story, "2376")
        await story.ends_well()


@pytest.mark.usefixtures("hurried")
async def test_f18_a_channel_of_fills_that_is_dead_is_found_told_and_made_good() -> None:
    async with trading(Bot(grid), watches_streams=True) as story:
        await grid_stands(story)
        story.server.sockets.muted.add(SocketFault.MUTE_USER)
        await story.move("2388")
        await until(lambda: story.position() == story.truth() == Decimal("0.0418"))
        await until(lambda: bool(story.told(Disconnected)))
        story.server.sockets.muted.clear()
        assert "does not tell the account's fills" in story.told(Disconnected)[0].reason
        await until(lambda: story.links[-1][0])
        await goes_on(story, "2376")
        await story.ends_well()


async def test_f18_a_market_that_is_dead_pauses_in_sight_and_heals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with trading(Bot(grid), watches_streams=True) as story:
        await grid_stands(story)
        (hl,) = story.exchanges.values()
        honest = Streams.at_start
        story.server.sockets.muted.add(SocketFault.MUTE_MARKET)
        monkeypatch.setattr(
            Streams,
            "at_start",
            lambda self, wanted: honest(self, wanted) if wanted.user else [],
        )
        await until(lambda: bool(story.told(Disconnected)))
        assert "no price of ETH" in story.told(Disconnected)[0].reason
        await until(lambda: connection_rule(story)[0] is RiskStep.PAUSE)
        assert connection_rule(story)[1] == "prices of ETH/USDC:USDC"
        monkeypatch.undo()
        story.server.sockets.muted.clear()
        story.server.sockets.drop()
        await until(lambda: connection_rule(story)[0] is RiskStep.NORMAL)
        await goes_on(story, "2388")
        assert hl.connection_status().reconnects >= 1
        await story.ends_well()


@pytest.mark.parametrize("size", ["0.01", None])
async def test_f19_what_fills_while_the_socket_is_down_is_repaired_by_one_comparison(
    size: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the snapshot of fills, which this venue sends, is there after the drop."""
    async with trading(Bot(grid)) as story:
        await grid_stands(story)
        honest = Streams.at_start
        monkeypatch.setattr(
            Streams,
            "at_start",
            lambda self, wanted: [] if wanted.type == "userFills" else honest(self, wanted),
        )
        sync = story.engine.synchronisers["perpetual"]
        await until(lambda: sync.comparisons >= 2)  # the next one by itself is a minute away
        looks = sync.begun
        story.server.sockets.refuses = True
        story.server.sockets.drop()
        await story.move("2388", volume=None if size is None else Decimal(size))
        await until(lambda: bool(story.told(Disconnected)))
        assert story.position() == 0
        story.server.sockets.refuses = False
        bought = Decimal(size or "0.0418")
        await until(lambda: story.position() == story.truth() == bought)
        assert sync.begun == looks + 1
        await story.move("2376")
        await until(lambda: story.position() == story.truth() > bought)
        assert max(story.sent_keys().values()) == 1
        await story.ends_well()
