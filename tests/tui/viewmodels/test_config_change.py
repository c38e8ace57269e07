"""What saving would do, in lines: refusals, bots, orders that go and come."""

from decimal import Decimal

from nimbus_tui.control.config_change import BotChange, BotChangeKind, ConfigChange
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_change import (
    MOST_ORDERS,
    change_lines,
    orders_in_all,
    refusal_lines,
)
from tests.tui.scripted_config import HOT


def order(price: str | None) -> DesiredOrder:
    return DesiredOrder(
        key=OrderKey(f"grid/{price}"), symbol=Symbol("ETH/USDC"), side=Side.BUY,
        quantity=Decimal("0.0833"), price=None if price is None else Decimal(price),
    )  # fmt: skip


def text(change: ConfigChange) -> str:
    return "\n".join("".join(cell.text for cell in line) for line in change_lines(change, 100))


def test_bots_that_go_on_are_named_together_at_the_end() -> None:
    assert text(HOT).splitlines()[0] == " eth-grid        ● applied at once  (spacing)"
    assert text(HOT).splitlines()[-1] == " · unchanged: btc-perp"


def test_orders_are_listed_highest_price_first_and_counted_beyond_the_limit() -> None:
    places = tuple(order(str(2400 + number)) for number in range(MOST_ORDERS + 3))
    bot = BotChange(bot_id=BotId("a"), kind=BotChangeKind.ADDED, places=(*places, order(None)))
    change = ConfigChange(bots=(bot,))
    shown = text(change)
    assert "+ places 16 orders" in shown
    assert shown.index("2,414") < shown.index("2,413")
    assert "… and 4 more" in shown
    assert orders_in_all(change) == "0 orders cancelled, 16 orders placed"
    assert orders_in_all(HOT) == "no order is cancelled or placed"


def test_a_refusal_says_why() -> None:
    problem = ConfigProblem("f", 3, 1, "bots.a.levels", "must be at least 1")
    change = ConfigChange(problems=(problem,), refusal="the file was edited meanwhile")
    lines = ["".join(cell.text for cell in line) for line in refusal_lines(change, 100)]
    assert lines == [
        " ✗ line 3 bots.a.levels: must be at least 1",
        " ✗ not saved: the file was edited meanwhile",
    ]
    assert refusal_lines(HOT, 100) == []
