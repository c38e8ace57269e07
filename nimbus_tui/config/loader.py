"""Reads the config file and says all that is wrong with it: where, what, and what is allowed."""

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from nimbus_tui.config import (
    checks,
    exchange_tables,
    key_map,
    model,
    paper_twins,
    risk_keys,
    venue_checks,
)
from nimbus_tui.config.bot_tables import BotReader, StrategyCatalog
from nimbus_tui.config.convert import prepare, read, shown, tell_unknown_keys
from nimbus_tui.config.exchange_sections import ExchangeSection, PaperSection
from nimbus_tui.config.listings import Listings
from nimbus_tui.config.markets import BuiltinInstrument, markets
from nimbus_tui.config.positions import dotted, given_twice
from nimbus_tui.config.problems import BadConfig, ConfigProblem, Findings
from nimbus_tui.config.toml_slips import remedy
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.strategies import factory

__all__ = ["BadConfig", "ConfigProblem", "check", "load", "load_text"]

MAX_BYTES = 1_000_000
_SECTIONS = ("engine", "ui", "risk", "exchanges", "bots")
_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def load(
    path: Path,
    builtin: BuiltinInstrument,
    *,
    strategies: StrategyCatalog = factory,
    listings: Listings | None = None,
) -> model.Config:
    """Read a config file; `listings` has what real venues list, default: the files on the disk.

    Raises:
        BadConfig: with everything that is wrong.
    """
    return load_text(read_text(path), path, builtin, strategies=strategies, listings=listings)


def load_exchanges(
    path: Path, environment: Mapping[str, str] = os.environ
) -> tuple[model.EngineSection | None, dict[ExchangeName, ExchangeSection]]:
    """The engine's table and the exchanges alone, whatever the bots are like.

    Raises:
        BadConfig: with what is wrong with these.
    """
    text = read_text(path)
    findings = Findings(str(path), text)
    data = _parsed(text, findings) or {}
    kept = {key: data[key] for key in ("engine", "exchanges") if key in data}
    prepared = prepare(kept, (), findings, environment)
    reader = _Reader(path, _no_instrument, factory, Listings(), findings)
    engine, exchanges = reader.exchanges_alone(prepared)
    if problems := findings.problems():
        raise BadConfig(problems)
    return engine, exchanges


def _no_instrument(symbol: str) -> None:
    """Nobody trades yet."""


def check(
    path: Path, builtin: BuiltinInstrument, *, strategies: StrategyCatalog = factory
) -> list[ConfigProblem]:
    """Everything that is wrong with a config file, from its top down; empty when all is well."""
    try:
        load(path, builtin, strategies=strategies)
    except BadConfig as error:
        return error.problems
    return []


def read_text(path: Path) -> str:
    """The text of a config file.

    Raises:
        BadConfig: it can't be read, or is no text.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) <= MAX_BYTES:
            return raw.decode("utf-8-sig")
        problem = f"the file is larger than {MAX_BYTES} bytes; is it a config file?"
    except FileNotFoundError:
        problem = "there is no such file; `nimbus-tui demo` needs none"
    except IsADirectoryError:
        problem = "that is a folder; give the config file in it"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problem = f"the file can't be read: {reason}; check its name and permissions"
        if isinstance(error, UnicodeDecodeError):
            problem = "the file is not UTF-8 text; save it as UTF-8"
    findings = Findings(str(path))
    findings.say_whole(problem)
    raise BadConfig(findings.problems())


def load_text(
    text: str,
    path: Path,
    builtin: BuiltinInstrument,
    *,
    strategies: StrategyCatalog = factory,
    environment: Mapping[str, str] = os.environ,
    listings: Listings | None = None,
) -> model.Config:
    """Turn a config's text into its Struct; `path` is where it lives, or would.

    Raises:
        BadConfig: with everything that is wrong.
    """
    findings = Findings(str(path), text)
    data = _parsed(text, findings)
    config = None
    if data is not None:
        prepared = prepare(data, (), findings, environment)
        reader = _Reader(path, builtin, strategies, listings or Listings(), findings)
        config = reader.config(prepared, text)
    problems = findings.problems()
    if problems or config is None:
        raise BadConfig(problems)
    return config


def _parsed(text: str, findings: Findings) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        what = _AT.sub("", str(error))
        twice = given_twice(text) if "Cannot" in what else None
        if twice is not None:
            key, first, second = twice
            findings.say_at(
                second,
                dotted(key),
                f"this is given twice, in line {first[0]} and in line {second[0]}; "
                "rename one of them or make them one",
            )
        elif at is not None and at["line"]:
            place = (int(at["line"]), int(at["column"]))
            line = text.split("\n")[place[0] - 1]
            findings.say_at(place, "", remedy(line) or f"not valid TOML: {what}")
        else:
            end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
            findings.say_at(end, "", f"not valid TOML: {what}, at the end of the file")
    except RecursionError:
        findings.say_whole("not valid TOML: it is nested too deeply")
    except ValueError:  # the interpreter's own limit, 4,300 digits
        findings.say_whole("not valid TOML: a number in it has thousands of digits")
    return None


class _Reader:
    """One pass over one document; tells problems instead of stopping at the first."""

    def __init__(
        self,
        path: Path,
        builtin: BuiltinInstrument,
        strategies: StrategyCatalog,
        listings: Listings,
        findings: Findings,
    ) -> None:
        self._path = path
        self._builtin = builtin
        self._strategies = strategies
        self._listings = listings
        self._findings = findings

    def config(self, data: dict[str, Any], text: str) -> model.Config | None:
        """The whole file; what is wrong with it is in the findings."""
        findings = self._findings
        tell_unknown_keys(data, _SECTIONS, (), findings)
        engine = self._engine(data.get("engine", {}))
        ui = read(model.UiSection, data.get("ui", {}), ("ui",), findings)
        if ui is not None:
            ui = msgspec.structs.replace(ui, keys=key_map.keys_of(ui.keys, findings))
        risk = read(model.RiskSection, data.get("risk", {}), ("risk",), findings)
        tables = self._tables("exchanges", data)
        exchanges = exchange_tables.exchanges(tables, findings)
        if risk is not None:
            exchanges = risk_keys.check(risk, exchanges, findings)
        reader = BotReader(self._strategies, findings, list(tables), risk or model.RiskSection())
        bots = reader.bots(self._tables("bots", data))
        venue_checks.check_live_bots(bots, exchanges, findings)
        venue_checks.check_price_venues(exchanges, findings)
        bots, exchanges = paper_twins.moved_to_twins(bots, exchanges, findings)
        placed = {bot_id: bot for bot_id, bot in bots.items() if bot.common.exchange in exchanges}
        papers = self._papers(placed, exchanges)
        exchanges |= papers
        traded = markets(placed, exchanges, self._builtin, self._listings, findings)
        reader.check(bots, traded)
        venue_checks.check_shared_positions(placed, exchanges, findings)
        if not findings.problems():
            capitals = reader.capitals(placed, traded)
            checks.check_capitals(placed, papers, traded, capitals, findings)
        if engine is None or ui is None or risk is None:
            return None
        return model.Config(
            path=self._path,
            engine=engine,
            ui=ui,
            risk=risk,
            exchanges=exchanges,
            instruments=traded,
            bots=bots,
            text=text,
        )

    def exchanges_alone(
        self, data: dict[str, Any]
    ) -> tuple[model.EngineSection | None, dict[ExchangeName, ExchangeSection]]:
        """The engine's table and the exchanges; what is wrong with them is in the findings."""
        engine = self._engine(data.get("engine", {}))
        exchanges = exchange_tables.exchanges(self._tables("exchanges", data), self._findings)
        venue_checks.check_price_venues(exchanges, self._findings)
        return engine, exchanges

    def _engine(self, table: Any) -> model.EngineSection | None:
        section = read(model.EngineSection, table, ("engine",), self._findings)
        if section is None:
            return None
        named = msgspec.structs.replace(section, name=section.name or self._path.stem)
        checks.check_engine(named.name, named.currency, self._findings)
        return named

    def _tables(self, key: str, data: dict[str, Any]) -> dict[str, Any]:
        """The tables under `exchanges` or `bots`, by their names."""
        one = key.removesuffix("s")
        tables = data.get(key, {})
        if not isinstance(tables, dict):
            self._findings.say((key,), f"must be tables like [{key}.NAME], not {shown(tables)}")
            return {}
        if not tables:
            self._findings.say((key,), f"there is no {one}; add a table like [{key}.my-{one}]")
        for name in tables:
            if not checks.is_name(name):
                self._findings.say(
                    (key, name),
                    f"{name!r} can't be the name of a {one}; take up to 64 letters, digits, "
                    "- _ and ., beginning with a letter or digit",
                )
        return tables

    def _papers(
        self, bots: checks.Bots, exchanges: Mapping[ExchangeName, ExchangeSection]
    ) -> dict[ExchangeName, PaperSection]:
        """The paper exchanges, each with the files that are its own."""
        papers = {}
        for name, section in exchanges.items():
            if isinstance(section, PaperSection):
                own = checks.with_files_of_its_own(name, section, bots, self._findings)
                checks.check_replay(name, own, bots, self._path.parent, self._findings)
                checks.check_funding(name, section, self._path.parent, self._findings)
                papers[name] = own
        return papers
