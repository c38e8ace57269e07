"""What the text of a config means at given prices, before any bot runs it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from nimbus_tui.config import checks
from nimbus_tui.config.bot_tables import AnyStrategyClass, StrategyCatalog
from nimbus_tui.config.loader import MAX_BYTES, load_text
from nimbus_tui.config.markets import BuiltinInstrument
from nimbus_tui.config.model import BotConfig, Config
from nimbus_tui.config.problems import BadConfig, Findings
from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.preview import ConfigPreview, Preview, PreviewPrice
from nimbus_tui.strategies import factory
from nimbus_tui.strategies.answers import in_words, sound_capital, sound_preview
from nimbus_tui.strategies.base import StrategyConfig

ZERO = Decimal(0)

PriceOf = Callable[[Config, ExchangeName, Symbol], PreviewPrice | str]
"""The price to preview a symbol at, or a sentence saying why there is none."""


def preview_text(
    text: str,
    path: Path,
    builtin: BuiltinInstrument,
    price_of: PriceOf,
    now: int,
    *,
    strategies: StrategyCatalog = factory,
) -> ConfigPreview:
    """The preview of a config's text; `path` is where it lives, `now` is in ns."""
    findings = Findings(str(path), text)
    if len(text.encode()) > MAX_BYTES:
        findings.say_whole(f"the text is longer than {MAX_BYTES} bytes; is it a config?")
        return ConfigPreview(errors=tuple(findings.problems()))
    try:
        config = load_text(text, path, builtin, strategies=strategies)
    except BadConfig as error:
        return ConfigPreview(errors=tuple(error.problems))
    return preview_config(config, price_of, now, strategies=strategies)


def preview_config(
    config: Config, price_of: PriceOf, now: int, *, strategies: StrategyCatalog = factory
) -> ConfigPreview:
    """The preview of a config that is well; a bot without a price is an error at its symbol."""
    answers = {market: price_of(config, *market) for market in _markets(config)}
    found = {m: answer for m, answer in answers.items() if isinstance(answer, PreviewPrice)}
    findings = Findings(str(config.path), config.text)
    priced: list[_Priced] = []
    for bot_id, bot in config.bots.items():
        for symbol in bot.symbols:
            answer = answers[bot.common.exchange, symbol]
            if isinstance(answer, str):
                findings.say(("bots", bot_id, "symbol"), answer)
        prices = {
            s: found[m].price for s in bot.symbols if (m := (bot.common.exchange, s)) in found
        }
        if len(prices) == len(set(bot.symbols)):
            kind = strategies.strategy_class(bot.common.strategy)
            priced.append(_Priced(bot, kind, config.instruments[bot.common.exchange], prices))
    previews = {one.bot.bot_id: _previewed(one, now) for one in priced}
    for bot_id, warning in _account_warnings(config, priced):
        known = previews[bot_id]
        previews[bot_id] = msgspec.structs.replace(known, warnings=(*known.warnings, warning))
    return ConfigPreview(
        errors=tuple(findings.problems()), previews=previews, prices=tuple(found.values())
    )


class _Priced(NamedTuple):
    """A bot whose symbols all have a price."""

    bot: BotConfig
    kind: AnyStrategyClass
    instruments: Mapping[Symbol, Instrument]
    prices: Mapping[Symbol, Decimal]

    def needed(self) -> Decimal | None:
        """The most that its plan can commit; None where its strategy can't say."""
        try:
            needed = self.kind.required_capital(self.bot.parameters, self.instruments, self.prices)
            return sound_capital(needed)
        except (Exception, SystemExit):  # previewing has said so
            return None


def _markets(config: Config) -> list[tuple[ExchangeName, Symbol]]:
    """Every symbol that a bot trades, once."""
    traded = [(bot.common.exchange, s) for bot in config.bots.values() for s in bot.symbols]
    return list(dict.fromkeys(traded))


def _previewed(one: _Priced, now: int) -> Preview:
    """One bot's preview; a strategy that raises, maybe from another package, hurts no other bot."""
    try:
        given, capital = _with_limits(one), one.bot.common.capital
        return sound_preview(one.kind.preview(given, one.instruments, one.prices, now, capital))
    except ArithmeticError:
        return Preview(refusals=("its numbers are too large or too small at these prices",))
    except (Exception, SystemExit) as error:
        return Preview(warnings=(f"there is no preview: {in_words(error)}",))


def _with_limits(one: _Priced) -> StrategyConfig:
    """The parameters with the limits of the bot's `risk` table in the shorthands for them."""
    parameters, limits = one.bot.parameters, one.bot.limits
    names = one.kind.risk_shorthands & set(parameters.__struct_fields__)
    return msgspec.structs.replace(parameters, **{name: getattr(limits, name) for name in names})


def _account_warnings(config: Config, priced: Sequence[_Priced]) -> Iterator[tuple[BotId, str]]:
    """Where the bots' capitals don't fit what they need, or what their accounts begin with."""
    capitals: dict[BotId, Decimal] = {}
    for one in priced:
        given, needed = one.bot.common.capital, one.needed()
        if given is not None and needed is not None and given < needed:
            yield (
                one.bot.bot_id,
                f"its capital, {given:,.2f}, is less than its plan can commit, {needed:,.2f}",
            )
        if (capital := given or needed) is not None:
            capitals[one.bot.bot_id] = capital
    for short in checks.shortfalls(config.bots, config.papers, config.instruments, capitals):
        yield short.bot_id, str(short)
    yield from _thin_margins(config, priced, capitals)


def _thin_margins(
    config: Config, priced: Sequence[_Priced], capitals: Mapping[BotId, Decimal]
) -> Iterator[tuple[BotId, str]]:
    """Perpetual bots that share less than their capitals: a liquidation is nearer than it seems."""
    traded = {one.bot.bot_id: one.instruments[s] for one in priced for s in one.bot.symbols[:1]}
    shared: dict[tuple[ExchangeName, Asset], Decimal] = defaultdict(Decimal)
    for bot_id, instrument in traded.items():
        account = (config.bots[bot_id].common.exchange, instrument.quote)
        shared[account] += capitals.get(bot_id, ZERO)
    for bot_id, instrument in traded.items():
        name, quote = config.bots[bot_id].common.exchange, instrument.quote
        if (paper := config.papers.get(name)) is None:
            continue  # what a real account has, only the venue knows
        has = checks.opening_balances(paper, config.instruments[name].values()).get(quote, ZERO)
        if instrument.market is not MarketType.SPOT and shared[name, quote] > has:
            yield (
                bot_id,
                f"the bots on {name} can commit {shared[name, quote]:,.2f} {quote}, but it begins "
                f"with {has:,.2f}: a liquidation is nearer than the capital alone says",
            )
