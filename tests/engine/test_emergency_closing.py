"""An emergency that closes: it is flat when the venue's account says so, whoever has closed it."""

from decimal import Decimal

from nimbus_tui.control.commands import EmergencyShutdown
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderRequest, RefusalKind, Refused, Side
from tests.known_failures.stories import Story, in_virtual_time

NOT_NOW = Refused(RefusalKind.BUSY, "not now")
CLOSES = {"close_in_emergency": True}


@in_virtual_time
async def test_flat_is_what_the_venue_says_and_not_what_our_books_say() -> None:
    story = await Story(settings=CLOSES).start("2400", "2388")
    honest = story.line.positions
    held = await honest()
    assert held[0].quantity == Decimal("0.0418")

    async def still_there() -> object:
        return held

    story.line.positions = still_there
    await story.engine.execute(EmergencyShutdown())
    await story.tick(*["2388"] * 10)
    assert story.position == story.truth == 0
    assert not story.engine.emergency.verified
    assert story.engine.emergency.left == ("bot: 0.0418 ETH are being closed",)
    story.line.positions = honest
    await story.wait(3)
    assert story.engine.emergency.verified
    assert "no position" in story.engine.emergency.progress


@in_virtual_time
async def test_what_the_operator_holds_beside_the_bots_is_not_ours_to_close() -> None:
    story = Story(settings=CLOSES)
    await story.start("2400")
    by_hand = OrderRequest(
        client_order_id="by-hand",
        symbol=story.traded.symbol,
        side=Side.BUY,
        quantity=Decimal("0.5"),
        price=Decimal(2401),
    )
    await story.venue.place_order(by_hand)
    await story.tick("2400", "2388")
    await story.wait(90)
    await story.engine.execute(EmergencyShutdown())
    await story.tick(*["2388"] * 5)
    await story.wait(5)
    assert story.engine.emergency.verified
    assert [one.quantity for one in await story.venue.positions()] == [Decimal("0.5")]


@in_virtual_time
async def test_a_close_that_is_refused_says_so_until_it_is_through() -> None:
    story = await Story(settings=CLOSES).start("2400", "2388")
    story.line.refuse = lambda _: NOT_NOW
    await story.engine.execute(EmergencyShutdown())
    await story.tick(*["2388"] * 5)
    (left,) = story.engine.emergency.left
    assert left.startswith("bot: 0.0418 ETH are being closed (")
    assert "not now" in left
    story.line.refuse = lambda _: None
    await story.tick(*["2388"] * 40)
    assert story.engine.emergency.verified
    assert story.truth == 0


@in_virtual_time
async def test_a_position_closed_by_hand_ends_it_although_our_books_never_hear_of_it() -> None:
    story = await Story(settings=CLOSES).start("2400", "2388")
    story.line.refuse = lambda _: NOT_NOW
    await story.engine.execute(EmergencyShutdown())
    await story.tick(*["2388"] * 3)
    await story.venue.place_order(
        OrderRequest(
            client_order_id="by-hand",
            symbol=story.traded.symbol,
            side=Side.SELL,
            quantity=Decimal("0.0418"),
            price=Decimal(2380),
        )
    )
    await story.tick(*["2388"] * 3)
    story.line.refuse = lambda _: None
    sent = len(story.sent)
    await story.wait(120)
    assert story.engine.emergency.verified
    assert await story.venue.positions() == []
    sent = len(story.sent)
    await story.tick(*["2388"] * 20)
    assert len(story.sent) == sent


@in_virtual_time
async def test_a_close_goes_on_after_a_kill_and_is_sent_once() -> None:
    story = await Story(settings=CLOSES).start("2400", "2388")
    held, sent = story.truth, len(story.sent)
    story.line.refuse = lambda _: NOT_NOW
    story.line.refuse_cancel = NOT_NOW
    await story.engine.execute(EmergencyShutdown())
    await story.tick("2388", "2388")
    assert story.truth == held
    await story.kill()
    before = len(story.sent)
    assert before > sent
    await story.start(*["2388"] * 20)
    assert story.engine.emergency.verified
    assert story.position == story.truth == 0
    assert await story.venue.open_orders() == []
    assert len(story.sent) == before + 1
    await story.tick(*["2388"] * 20)
    assert len(story.sent) == before + 1


@in_virtual_time
async def test_a_position_of_a_bot_that_is_gone_is_named_until_it_is_closed_by_hand() -> None:
    story = await Story(settings=CLOSES).start("2400", "2388")
    del story.engine.bots["bot"]
    story.engine.watchers.clear()
    await story.engine.execute(EmergencyShutdown())
    await story.wait(20)
    assert story.engine.emergency.left == (
        "bot: 0.0418 ETH of a bot that is not hosted: close them at the venue",
    )
    assert await story.venue.open_orders() == []
    await story.venue.place_order(
        OrderRequest(
            client_order_id="by-hand",
            symbol=story.traded.symbol,
            side=Side.SELL,
            quantity=Decimal("0.0418"),
            price=Decimal(2380),
        )
    )
    tick = Tick(story.clock.now(), story.traded.symbol, Decimal(2388), Decimal(0))
    story.venue.deliver(tick)
    await story.wait(20)
    assert story.engine.emergency.verified
