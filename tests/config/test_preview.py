"""A whole config's preview: limits reach the strategies, accounts are looked at, nobody raises."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.config.model import Config
from nimbus_tui.config.preview import preview_text
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.preview import ConfigPreview, Preview, PreviewFigure, PreviewPrice, PriceOrigin
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from nimbus_tui.strategies.grid import GridStrategy
from tests.config.texts import GOOD, PATH, changed

D = Decimal
NOW = 1_763_812_800_000_000_000


def at_2400(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | str:
    return PreviewPrice(exchange=exchange, symbol=symbol, price=D(2400), origin=PriceOrigin.GIVEN)


def previewed(text: str = GOOD, **changes: Any) -> ConfigPreview:
    return preview_text(text, PATH, builtin_instrument, at_2400, NOW, **changes)


def figure(preview: Preview, name: str) -> Any:
    return next(figure.value for figure in preview.figures if figure.name == name)


def test_every_bot_has_a_preview_at_the_price_of_its_exchange() -> None:
    another = GOOD.replace("sim", "two").replace("bots.eth", "bots.two")
    third = GOOD[GOOD.index("[bots") :].replace("bots.eth", "bots.third")
    asked = []

    def price_of(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | str:
        asked.append((exchange, symbol))
        price = D(2400) if exchange == "sim" else D(2600)
        return PreviewPrice(
            exchange=exchange, symbol=symbol, price=price, origin=PriceOrigin.ENGINE
        )

    answer = preview_text(GOOD + another + third, PATH, builtin_instrument, price_of, NOW)
    bases = {bot_id: preview.panel.base for bot_id, preview in answer.previews.items()}
    assert bases == {"eth": D(2400), "two": D(2600), "third": D(2400)}
    assert asked == [("sim", "ETH/USDC"), ("two", "ETH/USDC")]
    assert [price.price for price in answer.prices] == [D(2400), D(2600)]


def test_a_limit_of_the_risk_table_is_the_shorthand_of_the_strategy() -> None:
    in_table = previewed(GOOD + "risk = { stop_loss = 10 }\n").previews["eth"]
    in_bot = previewed(GOOD + "stop_loss = 10\n").previews["eth"]
    assert in_table == in_bot
    assert figure(in_table, "worst loss when").startswith("at the stop loss")


def test_a_capital_below_the_need_is_warned_of() -> None:
    (warning,) = (
        w for w in previewed(GOOD + "capital = 100\n").previews["eth"].warnings if "capital" in w
    )
    assert warning == "its capital, 100.00, is less than its plan can commit, 599.51"


def test_spot_bots_that_do_not_fit_the_account_are_warned_of() -> None:
    text = changed(('"paper"\n', '"paper"\nbalances = { USDC = 500 }\n'))
    (warning,) = (w for w in previewed(text).previews["eth"].warnings if "raise" in w)
    assert "need 599.51 USDC, but sim has 500.00" in warning


def test_perpetual_bots_that_share_too_little_margin_are_warned_of() -> None:
    text = changed(
        ('"paper"\n', '"paper"\nbalances = { USDC = 299 }\n'), ("ETH/USDC", "ETH/USDC:USDC")
    )
    (warning,) = (w for w in previewed(text).previews["eth"].warnings if "liquidation" in w)
    assert "can commit 299.76 USDC, but it begins with 299.00" in warning
    enough = text.replace("299", "300")
    assert not [w for w in previewed(enough).previews["eth"].warnings if "liquidation" in w]


def test_the_fee_in_the_coin_reaches_the_grid() -> None:
    fee = '[exchanges.sim.instruments."ETH/USDC"]\nmaker_fee = 0.01\n'
    in_base = changed(
        ('"paper"\n', f'"paper"\nfee_asset = "base"\n{fee}'), ("0.5", "2.0203"), ("= 3", "= 1")
    )
    assert previewed(in_base.replace('"base"', '"quote"')).ok
    (error,) = previewed(in_base).errors
    assert (error.key, error.line) == ("bots.eth.spacing", 11)
    assert "the buy's in ETH" in error.message


def test_numbers_beyond_all_bounds_refuse_the_bot() -> None:
    def endless(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | str:
        return PreviewPrice(
            exchange=exchange, symbol=symbol, price=D("1e40"), origin=PriceOrigin.GIVEN
        )

    answer = preview_text(GOOD, PATH, builtin_instrument, endless, NOW)
    assert answer.previews["eth"].refusals == (
        "its numbers are too large or too small at these prices",
    )
    assert not answer.ok


class PairConfig(StrategyConfig, frozen=True, kw_only=True):
    first: Symbol
    second: Symbol
    broken: bool = False


class PairState(StrategyState, frozen=True, kw_only=True):
    pass


class PairStrategy(BaseTradingStrategy[PairConfig, PairState]):
    """A bot from another package: two symbols, no capital, and a preview that may raise."""

    Config = PairConfig
    State = PairState

    def initial_state(self) -> PairState:
        return PairState()

    @classmethod
    def symbols(cls, config: PairConfig) -> tuple[Symbol, ...]:
        return (config.first, config.second)

    @classmethod
    def preview(
        cls,
        config: PairConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        if config.broken:
            raise KeyError("spread")
        ratio = prices[config.first] / prices[config.second]
        return Preview(figures=(PreviewFigure("ratio", ratio), PreviewFigure("now", now)))


class Shelf:
    def strategy_names(self) -> list[str]:
        return ["grid", "pair"]

    def strategy_class(self, name: str) -> type[Any]:
        return {"grid": GridStrategy, "pair": PairStrategy}[name]


PAIR = """
[bots.pair]
strategy = "pair"
exchange = "sim"
first = "BTC/USDC"
second = "SOL/USDC"
"""


def test_a_bot_of_several_symbols_gets_all_its_prices() -> None:
    answer = previewed(GOOD + PAIR, strategies=Shelf())
    assert figure(answer.previews["pair"], "ratio") == 1
    assert figure(answer.previews["pair"], "now") == NOW
    assert [p.symbol for p in answer.prices] == ["ETH/USDC", "BTC/USDC", "SOL/USDC"]


def test_a_preview_that_raises_hurts_no_other_bot() -> None:
    answer = previewed(GOOD + PAIR + "broken = true\n", strategies=Shelf())
    assert answer.previews["pair"].warnings == ("there is no preview: KeyError: 'spread'",)
    assert answer.previews["eth"].panel is not None
    assert answer.ok


@pytest.mark.parametrize("missing", ["BTC/USDC", "SOL/USDC"])
def test_a_bot_that_lacks_one_price_is_left_out_with_its_place(missing: str) -> None:
    def price_of(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | str:
        return f"none of {symbol}" if symbol == missing else at_2400(config, exchange, symbol)

    answer = preview_text(GOOD + PAIR, PATH, builtin_instrument, price_of, NOW, strategies=Shelf())
    assert list(answer.previews) == ["eth"]
    assert [(e.line, e.message) for e in answer.errors] == [(12, f"none of {missing}")]


def test_a_text_without_end_is_not_read() -> None:
    (error,) = previewed("#" * 1_000_001).errors
    assert "longer than 1000000 bytes" in error.message


def test_a_portfolio_is_previewed_with_the_capital_of_its_config() -> None:
    text = """\
[exchanges.sim]
type = "paper"

[bots.pf]
strategy = "portfolio"
exchange = "sim"
capital = 10_000
quote = "USDC"
targets = { ETH = 60, BTC = 40 }
"""
    answer = preview_text(text, PATH, builtin_instrument, at_2400, NOW)
    figures = {figure.name: figure.value for figure in answer.previews["pf"].figures}
    assert figures["capital needed"] == 10_000
