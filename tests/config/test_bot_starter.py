"""Tables of new bots: each is a config that is well, on paper, with its neighbours untouched."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.config.bot_starter import bot_starter, free_name, with_bot
from nimbus_tui.config.loader import load_text
from nimbus_tui.core.ids import Symbol
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.strategies import factory

HEAD = '[exchanges.sim]\ntype = "paper"  # made up\nbalances = { USDC = 50_000 }\n'
ONE = [Symbol("ETH/USDC")]
BASKET = [Symbol("BTC/USDC"), Symbol("ETH/USDC"), Symbol("SOL/USDC")]


@pytest.mark.parametrize("strategy", factory.strategy_names())
def test_every_strategy_begins_with_a_table_that_is_well(strategy: str) -> None:
    symbols = BASKET if strategy == "portfolio" else ONE
    text = with_bot(HEAD, bot_starter(strategy, "first", "sim", symbols))
    assert text.startswith(HEAD)
    config = load_text(text, Path("x.toml"), builtin_instrument)
    (bot,) = config.bots.values()
    assert (bot.bot_id, bot.common.strategy, bot.common.live) == ("first", strategy, False)
    assert set(bot.symbols) >= set(symbols) or strategy == "portfolio"


def test_shares_of_a_basket_are_even_and_make_a_hundred() -> None:
    table = bot_starter("portfolio", "basket", "sim", BASKET)
    assert "targets = { BTC = 34, ETH = 33, SOL = 33 }" in table
    assert 'quote = "USDC"' in table


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert free_name("eth-grid", []) == "eth-grid"
    assert free_name("eth-grid", ["eth-grid", "eth-grid-2"]) == "eth-grid-3"


def test_lines_end_as_those_of_the_file_do() -> None:
    text = with_bot("a = 1\r\n", bot_starter("grid", "b", "sim", ONE))
    assert text.count("\n") == text.count("\r\n")
    assert with_bot("", "[bots.a]\n") == "[bots.a]\n"


def test_numbers_are_written_as_decimals() -> None:
    table = bot_starter("grid", "b", "sim", ONE)
    config = load_text(with_bot(HEAD, table), Path("x.toml"), builtin_instrument)
    (bot,) = config.bots.values()
    assert getattr(bot.parameters, "spacing", None) == Decimal("0.5")
