"""Reads `[bots.ID]` tables: the keys that every bot has, and those of its strategy."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from nimbus_tui.config import checks, risk_keys
from nimbus_tui.config.convert import read, shown, tell_unknown_keys
from nimbus_tui.config.model import BotConfig, BotSection, RiskSection
from nimbus_tui.config.problems import Findings, did_you_mean
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument, parse_symbol
from nimbus_tui.risk.limits import RiskLimits, SharedLimits
from nimbus_tui.strategies.answers import (
    in_words,
    sound_capital,
    sound_problems,
    sound_symbols,
)
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig

AnyStrategyClass = type[BaseTradingStrategy[Any, Any]]


class StrategyCatalog(Protocol):
    """Who knows the strategies; the factory module is one."""

    def strategy_names(self) -> list[str]:
        """Every name that a bot may give."""
        ...

    def strategy_class(self, name: str) -> AnyStrategyClass:
        """The class behind a name; raises ConfigError where there is none."""
        ...


class BotReader:
    """Turns the tables of one file into bots; what is wrong goes to the findings."""

    def __init__(
        self,
        strategies: StrategyCatalog,
        findings: Findings,
        exchanges: list[str],
        risk: RiskSection,
    ) -> None:
        self._strategies = strategies
        self._findings = findings
        self._exchanges = exchanges
        self._risk = risk

    def bots(self, tables: Mapping[str, Any]) -> dict[BotId, BotConfig]:
        """All bots that can be used, by their names."""
        read_ones = (self._bot(BotId(name), table) for name, table in tables.items())
        return {bot.bot_id: bot for bot in read_ones if bot is not None}

    def check(self, bots: checks.Bots, markets: checks.Markets) -> None:
        """What the strategies say of their parameters and instruments."""
        for bot_id, bot in bots.items():
            kind = self._strategies.strategy_class(bot.common.strategy)
            instruments = markets.get(bot.common.exchange, {})
            try:
                problems = sound_problems(kind.validate(bot.parameters, instruments))
            except ArithmeticError:
                self._findings.say(("bots", bot_id), "its numbers are too large or too small")
                continue
            except (Exception, SystemExit) as error:
                self._tell_failure(bot_id, bot.common.strategy, "check this table", error)
                continue
            for problem in problems:
                self._findings.say(("bots", bot_id, problem.key), problem.message)
            if not problems and all(symbol in instruments for symbol in bot.symbols):
                self._try_to_make(bot, kind, instruments)

    def _try_to_make(
        self, bot: BotConfig, kind: AnyStrategyClass, instruments: Mapping[Symbol, Instrument]
    ) -> None:
        """Whatever keeps the strategy from being made is told here, not when the bot starts."""
        own = {symbol: instruments[symbol] for symbol in bot.symbols}
        try:
            kind(bot.bot_id, bot.parameters, own)
        except (Exception, SystemExit) as error:
            self._tell_failure(bot.bot_id, bot.common.strategy, "be made from this table", error)

    def _tell_failure(self, bot_id: BotId, strategy: str, what: str, error: BaseException) -> None:
        """The strategy itself is broken: say so in the place of the bot that uses it."""
        self._findings.say(
            ("bots", bot_id), f"the strategy {strategy!r} failed to {what}: {in_words(error)}"
        )

    def capitals(self, bots: checks.Bots, markets: checks.Markets) -> dict[BotId, Decimal]:
        """What the bots may commit, as far as it is known without a price."""
        found = {}
        for bot_id, bot in bots.items():
            capital = bot.common.capital
            if capital is None:
                capital = self._required_capital(bot, markets[bot.common.exchange])
            if capital is not None:
                found[bot_id] = capital
        return found

    def _required_capital(
        self, bot: BotConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Decimal | None:
        kind = self._strategies.strategy_class(bot.common.strategy)
        try:
            return sound_capital(kind.required_capital(bot.parameters, instruments, {}))
        except (Exception, SystemExit):  # it looks for a price that isn't there, or can't say
            return None

    def _bot(self, bot_id: BotId, table: Any) -> BotConfig | None:
        findings, path = self._findings, ("bots", bot_id)
        if not isinstance(table, dict):
            findings.say(path, f"must be a table like [bots.{bot_id}], not {shown(table)}")
            return None
        self._check_exchange_name(bot_id, table)
        kind = self._strategy(bot_id, table)
        shared = {key: table[key] for key in table if key in BotSection.__struct_fields__}
        common = read(BotSection, shared, path, findings)
        if kind is None:
            return None
        own = {key: table[key] for key in table if key not in shared}
        self._tell_unknown_bot_keys(bot_id, own, kind.Config)
        parameters = self._parameters(bot_id, table["strategy"], own, kind.Config)
        if common is None or parameters is None:
            return None
        return BotConfig(
            bot_id=bot_id,
            common=common,
            limits=self._limits(bot_id, table, common, parameters, kind.risk_shorthands),
            parameters=parameters,
            symbols=self._symbols(bot_id, kind, parameters),
            symbols_key=kind.symbols_key,
        )

    def _parameters(
        self, bot_id: BotId, strategy: str, own: dict[str, Any], kind: type[StrategyConfig]
    ) -> StrategyConfig | None:
        """The strategy's own keys as its Struct."""
        names = kind.__struct_encode_fields__
        taken = sorted(set(names) & set(BotSection.__struct_fields__))
        if taken:
            self._findings.say(
                ("bots", bot_id, "strategy"),
                f"the strategy {strategy!r} can't be used: its Config has the key {taken[0]!r}, "
                "which every bot has already; its author has to rename it",
            )
            return None
        given = {key: own[key] for key in own if key in names}
        try:
            return read(kind, given, ("bots", bot_id), self._findings)
        except (Exception, SystemExit) as error:  # the Config's own checks, in its __post_init__
            text = str(error) if isinstance(error, ValueError | TypeError) else in_words(error)
            self._findings.say(("bots", bot_id), text)
            return None

    def _check_exchange_name(self, bot_id: BotId, table: dict[str, Any]) -> None:
        path, known = ("bots", bot_id, "exchange"), ", ".join(self._exchanges) or "none"
        name = table.get("exchange")
        if name is None:
            self._findings.say(path, f"the key 'exchange' is missing; there are: {known}")
        elif isinstance(name, str) and name not in self._exchanges:
            hint = did_you_mean(name, self._exchanges) or f"; add a table [exchanges.{name}];"
            self._findings.say(path, f"there is no exchange {name!r}{hint} there are: {known}")

    def _strategy(self, bot_id: BotId, table: dict[str, Any]) -> AnyStrategyClass | None:
        path, known = ("bots", bot_id, "strategy"), self._strategies.strategy_names()
        name = table.get("strategy")
        if name is None:
            allowed = ", ".join(known)
            self._findings.say(path, f"the key 'strategy' is missing; allowed: {allowed}")
        if not isinstance(name, str):
            return None
        try:
            return self._strategies.strategy_class(name)
        except ConfigError as error:
            self._findings.say(path, str(error))
            return None

    def _tell_unknown_bot_keys(
        self, bot_id: BotId, own: dict[str, Any], kind: type[StrategyConfig]
    ) -> None:
        """A risk key in the wrong table is told where it belongs."""
        names = kind.__struct_encode_fields__
        for key in own:
            if key in RiskLimits.__struct_fields__ and key not in names:
                self._findings.say(
                    ("bots", bot_id, key), f"unknown key here; write risk = {{ {key} = … }}"
                )
        allowed = (*BotSection.__struct_fields__, *names)
        tell_unknown_keys(own, allowed, ("bots", bot_id), self._findings)

    def _limits(
        self,
        bot_id: BotId,
        table: dict[str, Any],
        common: BotSection,
        parameters: StrategyConfig,
        allowed: frozenset[str],
    ) -> RiskLimits:
        """The bot's limits: its own, else its strategy's shorthands, else those of all bots."""
        given = table.get("risk")
        given = given if isinstance(given, dict) else {}
        self._tell_rules_of_its_own(bot_id, given, parameters, allowed)
        # Of its own table only: what is wrong in the common one has been told there.
        risk_keys.check_texts(common.risk, ("bots", bot_id, "risk"), self._findings)
        limits, shorthands = common.risk, set()
        for key in SharedLimits.__struct_fields__:
            if key not in given:
                limits = msgspec.structs.replace(limits, **{key: getattr(self._risk, key)})
        for key in ("steps", "others"):
            merged = {**getattr(self._risk, key), **getattr(limits, key)}
            limits = msgspec.structs.replace(limits, **{key: merged})
        for key in limits.__struct_fields__:
            short = getattr(parameters, key, None) if key in allowed else None
            if short is None:
                continue
            if key in given:
                self._findings.say(
                    ("bots", bot_id, key), f"is set here and as risk.{key}; give it once"
                )
            shorthands.add(key)
            limits = msgspec.structs.replace(limits, **{key: short})
        checks.check_limits(bot_id, limits, shorthands, self._findings)
        return limits

    def _tell_rules_of_its_own(
        self,
        bot_id: BotId,
        given: Mapping[str, Any],
        parameters: StrategyConfig,
        shorthands: frozenset[str],
    ) -> None:
        """A strategy that exits by an order of its own has the risk rule of that name off."""
        for key in given:
            name = key.removesuffix("_price")
            own = name in RiskLimits.__struct_fields__ and hasattr(parameters, name)
            if own and name not in shorthands:
                self._findings.say(
                    ("bots", bot_id, "risk", key),
                    f"this bot's {name} is an order of its own, so the risk rule is off; "
                    f"set {name} beside its other keys and leave {key} out of risk",
                )

    def _symbols(
        self, bot_id: BotId, kind: AnyStrategyClass, parameters: StrategyConfig
    ) -> tuple[Symbol, ...]:
        """The symbols of a bot that are symbols."""
        good = []
        try:
            symbols = sound_symbols(kind.symbols(parameters))
        except (Exception, SystemExit) as error:
            self._tell_failure(bot_id, kind.__name__, "say what it trades", error)
            return ()
        for symbol in symbols:
            try:
                parse_symbol(symbol)
            except ConfigError as error:
                self._findings.say(("bots", bot_id, kind.symbols_key), str(error))
            else:
                good.append(symbol)
        return tuple(good)
