from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.core.ids import ClientOrderId, OrderKey, Symbol
from nimbus_tui.core.order import Order, Side
from nimbus_tui.tui.viewmodels import talk
from tests.tui.scripted_client import ScriptedClient

BOTS = list(ScriptedClient().bots.values())
ETH = BOTS[0]


def test_the_stop_question_names_bot_orders_and_position() -> None:
    asked = talk.stop_question(ETH)
    for words in ("eth-grid", "10 orders on sim", "0.4133 ETH (992.49 USDC)", "on_stop"):
        assert words in asked


def test_the_stop_question_tells_which_orders_will_go() -> None:
    orders = [
        order(Side.BUY, "2396.4"), order(Side.BUY, "2382"), order(Side.BUY, "2390"),
        order(Side.SELL, "2403.6"),
    ]  # fmt: skip
    asked = talk.stop_question(ETH, orders)
    assert "cancelled (3 buys at 2,382.0 … 2,396.4, 1 sell at 2,403.6); its position" in asked
    assert "(1 sell at market)" in talk.stop_question(ETH, [order(Side.SELL, None)])


def order(side: Side, price: str | None) -> Order:
    return Order(
        bot_id=ETH.bot_id, key=OrderKey("k"), generation=0, client_order_id=ClientOrderId("c"),
        symbol=Symbol("ETH/USDC"), side=side, quantity=Decimal(1),
        price=None if price is None else Decimal(price),
    )  # fmt: skip


@pytest.mark.parametrize(("on_stop", "fate"), [("keep", "stays as it is"), ("close", "is closed")])
def test_the_stop_question_says_what_happens_to_the_position(on_stop: str, fate: str) -> None:
    assert fate in talk.stop_question(msgspec.structs.replace(ETH, on_stop=on_stop))


def test_without_a_position_nothing_happens_to_it() -> None:
    flat = msgspec.structs.replace(ETH, position=Decimal(0), open_orders=1, on_stop="close")
    assert talk.stop_question(flat).endswith("1 order on sim will be cancelled; "
                                                      "it has no position.")  # fmt: skip


SEVERAL = msgspec.structs.replace(
    ETH,
    symbol=None,
    price=None,
    position=None,
    average_cost=None,
    statistics={
        "assets": [
            {"symbol": "BTC/USDC", "position": "0.1", "price": "60000", "target": "60"},
            {"symbol": "ETH/USDC", "position": "1.5", "price": "2400", "target": "30"},
            {"symbol": "SOL/USDC", "position": "0", "price": "150", "target": "10"},
            {"symbol": None, "asset": "USDC", "quantity": "400"},
        ]
    },
)


def test_a_bot_of_several_symbols_is_not_said_to_be_flat() -> None:
    held = "its position of 0.1 BTC, 1.5 ETH (9,600.00 USDC) "
    assert f"{held}is closed at the market." in talk.stop_question(
        msgspec.structs.replace(SEVERAL, on_stop="close")
    )
    assert f"{held}is closed at the market." in talk.flatten_question(SEVERAL)
    assert "2 open positions stay open (9,600.00 USDC)" in talk.emergency_question(
        [SEVERAL], "USDC"
    )


def test_the_emergency_question_says_whether_positions_are_closed() -> None:
    assert "stay open" in talk.emergency_question(BOTS, "USDC")
    closing = talk.emergency_question(BOTS, "USDC", close=True)
    assert "are closed at the market" in closing
    assert "stay open" not in closing


def test_the_emergency_question_counts_everything() -> None:
    asked = talk.emergency_question(BOTS, "USDC")
    assert "14 orders of 3 bots" in asked
    assert "2 open positions stay open" in asked


@pytest.mark.parametrize(
    ("demo", "may_detach", "keys"),
    [(True, False, "q"), (False, False, "kc"), (False, True, "dkc")],
)
def test_quitting_offers_only_what_can_be_done(demo: bool, may_detach: bool, keys: str) -> None:
    assert "".join(talk.quit_choices(demo=demo, may_detach=may_detach)) == keys


@pytest.mark.parametrize(
    ("result", "sign", "tone"),
    [(Result.ACCEPTED, "◌", "price"), (Result.DONE, "✓", "gain"), (Result.REFUSED, "✗", "loss")],
)
def test_an_outcome_is_a_sign_a_word_and_the_engines_sentence(
    result: Result, sign: str, tone: str
) -> None:
    first, second = talk.outcome_line(Outcome(result, "why [/x]"))
    assert first.text == f" {sign} {result.value}  "
    assert first.tone == tone
    assert second.text == "why [/x]"
