"""Reads the config file and says all that is wrong with it: where, what, and what is allowed."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nimbus_tui.config import model
from nimbus_tui.config import positions as places
from nimbus_tui.config.positions import nearest, positions
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, parse_symbol
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.base import StrategyConfig
from nimbus_tui.strategies.factory import strategy_class, strategy_names

S = TypeVar("S", bound=msgspec.Struct)
KeyPath = tuple[str, ...]
BuiltinInstrument = Callable[[str], Instrument | None]
"""The instrument of a symbol where the file gives none; the venue knows it, this room doesn't."""

MAX_BYTES = 1_000_000
_SECTIONS = ("engine", "ui", "exchanges", "bots")
_EXCHANGE_TYPES = ("paper",)
_SHORTHANDS = ("stop_loss", "take_profit", "stop_loss_price", "take_profit_price")
_WORDS = {
    "'decimal | null'": "a number",
    "'decimal'": "a number",
    "'int'": "a whole number",
    "'str'": "text",
    "'bool'": "true or false",
    "'object'": "a table",
    "invalid decimal string": "expected a number, got text",
    " | null": "",
}
_BAD_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong, with its place."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f" {self.key}:" if self.key else ""
        return f"{self.file}:{self.line}:{self.column}:{where} {self.message}"


class BadConfig(ConfigError):
    """The file can't be used; carries every problem."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load(path: Path, builtin: BuiltinInstrument) -> model.Config:
    """Read a config file.

    Raises:
        BadConfig: with everything that is wrong.
    """
    reader = _Reader(path, builtin)
    config = reader.read()
    if reader.problems or config is None:
        raise BadConfig(sorted(reader.problems, key=lambda problem: (problem.line, problem.column)))
    return config


class _Reader:
    """One pass over one file; collects problems instead of stopping at the first."""

    def __init__(self, path: Path, builtin: BuiltinInstrument) -> None:
        self._path = path
        self._builtin = builtin
        self._places: Mapping[places.Path, places.Place] = {}
        self._removed: set[KeyPath] = set()
        self.problems: list[ConfigProblem] = []

    def read(self) -> model.Config | None:
        text = self._text()
        if text is None:
            return None
        self._places = positions(text)
        data = self._parsed(text)
        if data is None:
            return None
        data = self._expanded(data, ())
        self._known_keys((), data, _SECTIONS)
        engine = self._section(("engine",), data.get("engine", {}), model.EngineSection)
        ui = self._section(("ui",), data.get("ui", {}), model.UiSection)
        exchanges = self._exchanges(self._table(("exchanges",), data.get("exchanges", {})))
        bots = self._bots(self._table(("bots",), data.get("bots", {})), data, exchanges)
        if not data.get("bots"):
            self._say((), "there is no bot; add a table like [bots.my-grid]")
        instruments = self._instruments(bots, exchanges)
        self._check_strategies(bots, instruments)
        self._check_sharing(bots)
        if engine is None or ui is None or self.problems:
            return None
        named = engine if engine.name else msgspec.structs.replace(engine, name=self._path.stem)
        return model.Config(
            path=self._path,
            engine=named,
            ui=ui,
            exchanges=exchanges,
            instruments=instruments,
            bots=bots,
        )

    # reading

    def _text(self) -> str | None:
        try:
            raw = self._path.read_bytes()
            if len(raw) > MAX_BYTES:
                self._say((), f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read")
                return None
            return raw.decode("utf-8")
        except FileNotFoundError:
            self._say((), "there is no such file; `nimbus-tui demo` needs none")
        except IsADirectoryError:
            self._say((), "that is a folder; give the config file in it")
        except OSError as error:
            self._say((), f"the file can't be read: {error.strerror}; check its permissions")
        except UnicodeDecodeError:
            self._say((), "the file is not UTF-8 text; save it as UTF-8")
        return None

    def _parsed(self, text: str) -> dict[str, Any] | None:
        try:
            return tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line, column = (int(match[1]), int(match[2])) if match else (len(text.splitlines()), 1)
            what = re.sub(r" \(at .*\)$", "", str(error))
            if "declare" in what or "overwrite" in what:
                what = f"this is given twice ({what}); give each table and key once"
            self._say_at(line, column, "", f"not valid TOML: {what}")
            return None

    def _expanded(self, value: Any, path: KeyPath) -> Any:
        """Put in environment variables; they may stand in any text."""
        if isinstance(value, dict):
            return {key: self._expanded(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._expanded(item, path) for item in value]
        if isinstance(value, Decimal) and not value.is_finite():
            self._say(path, f"must be a finite number, not {value}")
            return Decimal(1)
        if not isinstance(value, str):
            return value

        def variable(match: re.Match[str]) -> str:
            if match[1] not in os.environ:
                self._say(path, f"the environment variable {match[1]} is not set")
            return os.environ.get(match[1], "")

        return re.sub(r"\$\{(\w+)\}", variable, value)

    # sections

    def _section(self, path: KeyPath, data: Any, kind: type[S]) -> S | None:
        """Turn a table into its Struct, naming each key that is wrong."""
        table = self._table(path, data)
        self._known_keys(path, table, kind.__struct_fields__)
        good = {key: value for key, value in table.items() if key in kind.__struct_fields__}
        for _ in range(len(good) + 1):
            try:
                return msgspec.convert(good, kind, strict=True)
            except msgspec.ValidationError as error:
                bad = self._invalid(path, str(error), good)
                if bad is None:
                    return None
                del good[bad]
        return None

    def _invalid(self, path: KeyPath, text: str, data: dict[str, Any]) -> str | None:
        """Say what the conversion objects to; returns the key to leave out and go on."""
        match = _BAD_PATH.match(text)
        what, where = (match["what"], match["path"] or "") if match else (text, "")
        inner = tuple(re.findall(r"[^.\[\]$]+", where))
        missing = re.search(r"missing required field `(\w+)`", what)
        if missing:
            if (*path, missing[1]) not in self._removed:
                self._say((*path, *inner), f"the key {missing[1]!r} is missing")
            return None
        unknown = re.search(r"unknown field `(\w+)`", what)
        if unknown:
            self._say((*path, *inner, unknown[1]), f"unknown key {unknown[1]!r}")
        else:
            self._say((*path, *inner), _friendly(what))
        first = inner[0] if inner else None
        if first is None or first not in data:
            return None
        self._removed.add((*path, first))
        return str(first)

    def _known_keys(self, path: KeyPath, data: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        for key in data:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self._say((*path, key), f"unknown key {key!r}{hint} allowed: {', '.join(allowed)}")

    def _table(self, path: KeyPath, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):
            return data
        self._say(path, f"must be a table, not {type(data).__name__}")
        return {}

    def _exchanges(self, data: dict[str, Any]) -> dict[ExchangeName, model.ExchangeSection]:
        found = {}
        for name, table in data.items():
            path = ("exchanges", name)
            section = self._section(path, table, model.ExchangeSection)
            if section is None:
                continue
            if section.type not in _EXCHANGE_TYPES:
                allowed = ", ".join(_EXCHANGE_TYPES)
                self._say((*path, "type"), f"unknown exchange type {section.type!r}: {allowed}")
                continue
            self._check_exchange(path, section)
            found[ExchangeName(name)] = section
        return found

    def _check_exchange(self, path: KeyPath, section: model.ExchangeSection) -> None:
        for key in ("speed", "leverage"):
            if getattr(section, key) <= 0:
                self._say((*path, key), f"must be greater than 0, not {getattr(section, key)}")
        for key in ("latency_ms", "slippage_percent"):
            if getattr(section, key) < 0:
                self._say((*path, key), f"must be 0 or more, not {getattr(section, key)}")
        for asset, amount in section.balances.items():
            if not amount.is_finite() or amount < 0:
                self._say((*path, "balances", asset), f"must be 0 or more, not {amount}")
        if section.market is model.MarketSource.REPLAY and not section.files:
            self._say(
                (*path, "files"), 'a replay needs files, like files = { "ETH/USDC" = "x.csv" }'
            )

    def _bots(
        self,
        data: dict[str, Any],
        whole: dict[str, Any],
        exchanges: Mapping[ExchangeName, model.ExchangeSection],
    ) -> dict[BotId, model.BotConfig]:
        found = {}
        for name, table in data.items():
            bot = self._bot(name, self._table(("bots", name), table), whole, exchanges)
            if bot is not None:
                found[bot.bot_id] = bot
        return found

    def _bot(
        self,
        name: str,
        table: dict[str, Any],
        whole: dict[str, Any],
        exchanges: Mapping[ExchangeName, model.ExchangeSection],
    ) -> model.BotConfig | None:
        path = ("bots", name)
        common_keys = model.BotSection.__struct_fields__
        kind = self._strategy_config(path, table)
        own = kind.__struct_fields__ if kind is not None else ()
        if kind is not None:
            self._known_keys(path, table, (*common_keys, *own))
        common = self._section(
            path, {k: v for k, v in table.items() if k in common_keys}, model.BotSection
        )
        self._check_exchange_name(path, table, whole)
        if kind is None:
            return None
        parameters = self._section(path, {k: v for k, v in table.items() if k in own}, kind)
        if common is None or parameters is None or common.exchange not in exchanges:
            return None
        limits = self._limits(path, common, parameters)
        if common.live:
            self._say((*path, "live"), "this version trades on paper only; leave live out")
        if common.capital is not None and common.capital <= 0:
            self._say((*path, "capital"), f"must be greater than 0, not {common.capital}")
        return model.BotConfig(
            bot_id=BotId(name),
            common=common,
            limits=limits,
            parameters=parameters,
            symbols=strategy_class(common.strategy).symbols(parameters),
        )

    def _strategy_config(self, path: KeyPath, table: dict[str, Any]) -> type[StrategyConfig] | None:
        name = table.get("strategy")
        if not isinstance(name, str):
            self._say(
                path, f"the key 'strategy' is missing; allowed: {', '.join(strategy_names())}"
            )
            return None
        try:
            return strategy_class(name).Config
        except ConfigError as error:
            self._say((*path, "strategy"), str(error))
            return None

    def _check_exchange_name(
        self, path: KeyPath, table: dict[str, Any], whole: dict[str, Any]
    ) -> None:
        name = table.get("exchange")
        known = list(whole.get("exchanges", {}))
        if isinstance(name, str) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"add a table [exchanges.{name}]"
            there = f"; there are: {', '.join(known)}" if known else ""
            self._say((*path, "exchange"), f"there is no exchange {name!r}; {hint}{there}")

    def _limits(
        self, path: KeyPath, common: model.BotSection, parameters: StrategyConfig
    ) -> RiskLimits:
        """The bot's limits with the strategy's shorthands put in; both set is an error."""
        limits = common.risk
        for key in _SHORTHANDS:
            short, long = getattr(parameters, key, None), getattr(limits, key)
            if short is not None and long is not None:
                self._say((*path, key), f"is set here and as risk.{key}; give it once")
            if short is not None:
                limits = msgspec.structs.replace(limits, **{key: short})
            if long is not None and long <= 0:
                self._say((*path, "risk", key), f"must be greater than 0, not {long}")
        return limits

    # across bots

    def _instruments(
        self,
        bots: Mapping[BotId, model.BotConfig],
        exchanges: Mapping[ExchangeName, model.ExchangeSection],
    ) -> dict[ExchangeName, dict[Symbol, Instrument]]:
        found: dict[ExchangeName, dict[Symbol, Instrument]] = {name: {} for name in exchanges}
        for bot in bots.values():
            for symbol in bot.symbols:
                exchange = bot.common.exchange
                instrument = self._instrument(bot, symbol, exchange, exchanges[exchange])
                if instrument is not None:
                    found[exchange][symbol] = instrument
        return found

    def _instrument(
        self,
        bot: model.BotConfig,
        symbol: Symbol,
        exchange: ExchangeName,
        section: model.ExchangeSection,
    ) -> Instrument | None:
        try:
            parse_symbol(symbol)
        except ConfigError as error:
            self._say(("bots", bot.bot_id, "symbol"), str(error))
            return None
        builtin = self._builtin(symbol)
        given = section.instruments.get(symbol)
        changes = {} if given is None else _set_fields(given)
        path = ("exchanges", exchange, "instruments", symbol)
        for key, value in changes.items():
            if value < 0 or (value == 0 and key in ("tick_size", "lot_size")):
                self._say((*path, key), f"must be greater than 0, not {value}")
                return None
        if builtin is not None:
            return msgspec.structs.replace(builtin, **changes)
        if {"tick_size", "lot_size"} <= set(changes):
            return Instrument(symbol=symbol, **changes)
        self._say(
            ("bots", bot.bot_id, "symbol"),
            f"{symbol} has no built-in instrument; add "
            f'[exchanges.{exchange}.instruments."{symbol}"] with tick_size and lot_size',
        )
        return None

    def _check_strategies(
        self,
        bots: Mapping[BotId, model.BotConfig],
        instruments: Mapping[ExchangeName, Mapping[Symbol, Instrument]],
    ) -> None:
        for bot in bots.values():
            known = instruments.get(bot.common.exchange, {})
            kind = strategy_class(bot.common.strategy)
            path = ("bots", bot.bot_id)
            for problem in kind.validate(bot.parameters, known):
                if (*path, problem.key) in self._removed:
                    continue
                self._say(("bots", bot.bot_id, problem.key), problem.message)

    def _check_sharing(self, bots: Mapping[BotId, model.BotConfig]) -> None:
        """Two bots on one derivative of one account would share one net position."""
        owners: dict[tuple[ExchangeName, Symbol], BotId] = {}
        for bot in bots.values():
            for symbol in bot.symbols:
                if ":" not in symbol:
                    continue
                other = owners.setdefault((bot.common.exchange, symbol), bot.bot_id)
                if other != bot.bot_id:
                    self._say(
                        ("bots", bot.bot_id, "symbol"),
                        f"{other} trades {symbol} on {bot.common.exchange} already and they would "
                        "share one position; give one of them an exchange of its own",
                    )

    # saying it

    def _say(self, path: KeyPath, message: str) -> None:
        line, column = nearest(self._places, path)
        self._say_at(line, column, ".".join(path), message)

    def _say_at(self, line: int, column: int, key: str, message: str) -> None:
        self.problems.append(ConfigProblem(str(self._path), line, column, key, message))


def _set_fields(section: model.InstrumentSection) -> dict[str, Decimal]:
    values = {name: getattr(section, name) for name in section.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


def _friendly(what: str) -> str:
    """Msgspec's words in the user's: `Expected `decimal`, got `str`` and the like."""
    text = what.replace("`", "'")
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    return text[:1].lower() + text[1:]
