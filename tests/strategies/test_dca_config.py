"""What a DCA config may say, what is wrong with it, and what it costs."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import problems
from tests.config.texts import config_of as loaded
from tests.config.texts import problems_of
from tests.simulation.dca_worlds import HOUR, NINE, coin, config_of

BTC = coin(lot_size=Decimal("0.00001"), min_notional=Decimal(10), taker_fee=Decimal("0.001"))

TEXT = """\
[exchanges.sim]
type = "paper"

[bots.btc]
strategy = "dca"
exchange = "sim"
symbol = "BTC/USDC"
order_quote = 50
interval = "24h"
max_orders = 30
"""


def said(instrument: Instrument | None = BTC, **parameters: Any) -> list[tuple[str, str]]:
    return [(found.key, found.message) for found in problems(config_of(**parameters), instrument)]


def test_the_plain_config_is_well() -> None:
    assert said() == []
    assert problems_of(TEXT) == []


@pytest.mark.parametrize(
    ("parameters", "key", "words"),
    [
        ({"order_quote": "0"}, "order_quote", "must be greater than 0, not 0"),
        ({"max_quote": "-1"}, "max_quote", "must be greater than 0, not -1"),
        ({"max_quote": "49"}, "max_quote", "must be at least one order_quote (50)"),
        ({"max_orders": 0}, "max_orders", "must be at least 1, not 0"),
        ({"max_orders": None}, "max_orders", "give max_orders or max_quote"),
        ({"max_position": "0"}, "max_position", "must be greater than 0"),
        ({"interval": "daily"}, "interval", "neither a length of time"),
        ({"timezone": "Mars/Olympus"}, "timezone", "there is no time zone 'Mars/Olympus'"),
        ({"offset_percent": "1"}, "offset_percent", 'set order_type = "limit"'),
        ({"reprice_after": "10m"}, "reprice_after", 'set order_type = "limit"'),
        ({"order_type": "limit", "offset_percent": "100"}, "offset_percent", "less than 100"),
        ({"order_type": "limit", "offset_percent": "-1"}, "offset_percent", "from 0"),
        ({"order_type": "limit", "reprice_after": "soon"}, "reprice_after", "not a length of time"),
        (
            {"order_type": "limit", "fallback_after": "24h"},
            "fallback_after",
            "must be shorter than the interval (24h)",
        ),
        ({"price_floor": "0"}, "price_floor", "must be greater than 0"),
        (
            {"price_floor": "5", "price_ceiling": "5"},
            "price_ceiling",
            "must be above price_floor (5)",
        ),
        ({"dip_scale": [["5", "2"]]}, "dip_scale", "between -100 and 0 percent, not 5"),
        ({"dip_scale": [["-100", "2"]]}, "dip_scale", "between -100 and 0 percent, not -100"),
        ({"dip_scale": [["-5", "0"]]}, "dip_scale", "a factor must be greater than 0"),
        (
            {"dip_scale": [["-10", "2"], ["-5", "1.5"]]},
            "dip_scale",
            "deeper dips come later: -5 stands after -10",
        ),
        ({"dip_scale": [["-5", "2"], ["-5", "3"]]}, "dip_scale", "deeper dips come later"),
        ({"side": "sell", "dip_scale": [["-5", "2"]]}, "dip_scale", "is for buying"),
        (
            {"order_quote": "9.9"},
            "order_quote",
            "an order of 9.9 USDC is under the least order of BTC/USDC: 10 USDC and 0.00001 BTC",
        ),
        ({"dip_scale": [["-5", "0.1"]]}, "order_quote", "an order of 5.0 USDC is under"),
        ({"price_floor": "6000000"}, "order_quote", "at 6000000 is under the least order"),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_what_is_allowed(
    parameters: dict[str, Any], key: str, words: str
) -> None:
    ((found, message),) = said(**parameters)
    assert (found, words in message) == (key, True), message


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert [key for key, _ in said(interval="x", order_quote="0", max_orders=0)] == [
        "interval",
        "order_quote",
        "max_orders",
    ]


def test_a_cron_interval_has_no_length_to_compare_with() -> None:
    assert said(interval="0 9 * * *", order_type="limit", fallback_after="48h") == []


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        (
            'start_at = "soon"',
            "11:1 bots.btc.start_at:",
            "must be a date and time, like 2026-11-22",
        ),
        ("start_at = 5", "11:1 bots.btc.start_at:", "must be a date and time"),
        ('side = "bye"', "11:1 bots.btc.side:", "did you mean 'buy'?"),
        ('missed = "all"', "11:1 bots.btc.missed:", '"skip", "buy_once", "catch_up"'),
        ("dip_scale = 5", "11:1 bots.btc.dip_scale:", "must be a list, not 5"),
        ("dip_scale = [[-5]]", "11:1 bots.btc.dip_scale:", "must be a list"),
        ('timezone = "Nowhere"', "11:1 bots.btc.timezone:", "no time zone 'Nowhere'"),
        ("stop_loss = -1", "11:1 bots.btc.stop_loss:", "greater than 0"),
        ("stop_loss = 5\nrisk = { stop_loss = 5 }", "11:1 bots.btc.stop_loss:", "give it once"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(line: str, place: str, words: str) -> None:
    (problem,) = problems_of(TEXT + line + "\n")
    assert place in str(problem)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2026-11-22T09:00:00Z", NINE),
        ("2026-11-22T10:00:00+01:00", NINE),
        ("2026-11-22T09:00:00", NINE),
        ("2026-11-22 09:00:00", NINE),
        ("2026-11-22", NINE - 9 * HOUR),
        ('"2026-11-22T09:00Z"', NINE),
        ('"2026-11-22 09:00"', NINE),
        ('"2026-11-22"', NINE - 9 * HOUR),
    ],
)
def test_a_start_is_a_date_and_time_of_toml_or_a_text(written: str, start: int) -> None:
    config = loaded(TEXT + f"start_at = {written}\n").bots["btc"].parameters
    assert config.schedule(0).start_at == start  # type: ignore[attr-defined]


def test_a_start_without_an_offset_is_in_the_time_zone() -> None:
    text = TEXT + 'start_at = 2026-11-22T09:00:00\ntimezone = "Europe/Berlin"\n'
    config = loaded(text).bots["btc"].parameters
    assert config.schedule(0).start_at == NINE - HOUR  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("parameters", "capital"),
    [
        ({"max_orders": 30}, "1501.5"),
        ({"max_orders": 30, "max_quote": "1000"}, "1001"),
        ({"max_orders": 30, "dip_scale": [["-5", "1.5"], ["-10", "2"]]}, "3003"),
        ({"max_orders": 30, "dip_scale": [["-5", "0.5"]]}, "1501.5"),
        ({"max_orders": None, "max_quote": "120"}, "120.12"),
        ({"side": "sell"}, "0"),
    ],
)
def test_the_capital_is_what_all_orders_can_come_to_with_fees(
    parameters: dict[str, Any], capital: str
) -> None:
    config = config_of(**parameters)
    assert DcaStrategy.required_capital(config, {"BTC/USDC": BTC}, {}) == Decimal(capital)


def test_a_short_on_a_perpetual_needs_capital_too() -> None:
    config = config_of(symbol="BTC/USDC:USDC", side="sell")
    found = DcaStrategy.required_capital(config, {"BTC/USDC:USDC": coin("BTC/USDC:USDC")}, {})
    assert found == 150


def test_a_bot_that_needs_more_than_the_account_has_is_told() -> None:
    (problem,) = problems_of(TEXT.replace("= 30", "= 300"))
    assert "need 15,007.50 USDC" in str(problem)
