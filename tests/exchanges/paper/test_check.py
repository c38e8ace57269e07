"""What a paper exchange says of itself when somebody looks at it."""

from nimbus_tui.exchanges.base import Area, Checkable, Verdict
from tests.exchanges.paper.venues import paper


async def test_it_says_that_no_real_money_moves_and_what_orders_pay() -> None:
    venue = paper()
    assert isinstance(venue, Checkable)
    said = {one.area: (one.verdict, one.text) for one in await venue.check()}
    assert said == {
        Area.NETWORK: (Verdict.OK, "paper: no real money moves here"),
        Area.FEES: (Verdict.OK, "maker 0.02 %, taker 0.05 %"),
    }


async def test_a_venue_without_instruments_has_no_fees() -> None:
    venue = paper()
    venue._venue.instruments.clear()
    assert (await venue.check())[-1].text == "no instrument is traded here"
