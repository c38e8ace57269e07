"""Plans that make things worse: half a replacement, a needless turnover, the same refusal."""

from decimal import Decimal

import pytest

from nimbus_tui.core.order import DesiredOrder, RefusalKind, Refused
from nimbus_tui.core.plan import View
from nimbus_tui.strategies.portfolio import PortfolioStrategy
from nimbus_tui.strategies.portfolio_weights import PortfolioConfig
from tests.known_failures.stories import BOT, Story, in_virtual_time
from tests.known_failures.wisher import WisherState, Wishes, wish, wishing
from tests.simulation.worlds import instrument


def with_quantity(quantities: list[str]) -> Wishes:
    """Wishes one buy, of the newest of the quantities."""

    def wishes(view: View, state: WisherState) -> tuple[DesiredOrder, ...]:
        return (wish("level", "2380", quantities[-1]),)

    return wishes


@pytest.mark.parametrize("unfit", ["0.003", "0.05001", "0"])
@in_virtual_time
async def test_f24_an_order_is_not_cancelled_for_one_that_may_not_be_sent(unfit: str) -> None:
    quantities = ["0.05"]
    story = await Story(wishing(with_quantity(quantities))).start("2400")
    resting = await story.venue.open_orders()
    quantities.append(unfit)
    await story.tick("2401", "2402", "2403")
    assert await story.venue.open_orders() == resting
    assert story.line.cancelled == []
    assert len(story.told("warning")) == 1
    quantities.append("0.06")
    await story.tick("2404", "2405")
    assert [one.quantity for one in await story.venue.open_orders()] == [Decimal("0.06")]
    await story.ends_well()


@in_virtual_time
async def test_f27_a_rebalance_that_is_refused_again_and_again_pauses_the_bot_with_the_reason() -> (
    None
):
    traded = instrument("ETH/USDC")
    config = PortfolioConfig(quote="USDC", targets={"ETH": Decimal(50), "USDC": Decimal(50)})
    story = Story(
        lambda _: PortfolioStrategy(BOT, config, {traded.symbol: traded}),
        traded=traded,
        capital=Decimal(10_000),
    )
    await story.start()
    story.line.refuse = lambda _: Refused(RefusalKind.INVALID, "this market is closed")
    await story.tick(*["2400"] * 120)
    # A life's first tries may be those of a lost journal: their refusals are not believed at once.
    refused = len(story.sent)
    assert 5 <= refused <= 10
    assert story.bot.standing.is_paused
    assert "this market is closed" in story.bot.standing.risk_reason
    await story.wait(24 * 3600)
    await story.tick("2500", "2300", "2400")
    assert len(story.sent) == refused
    assert len(story.told("paused")) == 1
