"""The steps to a new bot as lists to choose from: strategy, venue, what it trades, its name."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from nimbus_tui.control.config_change import InstrumentRow
from nimbus_tui.control.config_form import ConfigForm, FormSection
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.tui.viewmodels.config_form import Page, Path, value_at
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clean,
    cut,
    left,
    number,
    places_of,
    right,
    trimmed,
)

STEPS = 5
"""Strategy, what it trades, parameters, risk, paper or live."""
MONEY_KEYS = frozenset({"live", "leverage", "margin", "capital", "on_stop"})
_NAME = 14
_SYMBOL = 18


_TOLD = {
    "grid": "Buys each step down and sells each step up, around a base price.",
    "dca": "Buys the same amount again and again, by the clock.",
    "martingale": "Buys more the further it falls, sells all at a small gain. Needs a limit.",
    "portfolio": "Keeps a basket of assets at the shares that you give.",
}
"""What the strategies of this program do, in a sentence; others tell of themselves."""


class Step(Enum):
    """Where the wizard stands before the form is opened."""

    STRATEGY = "strategy"
    VENUE = "venue"
    SYMBOL = "symbol"
    NAME = "name"


class Option(NamedTuple):
    """One line to choose."""

    value: str
    line: Line


def strategies(form: ConfigForm, query: str, width: int) -> list[Option]:
    """Every strategy with its first sentence."""
    found = []
    for name, section in form.bots.items():
        if _fits(f"{name} {section.help}", query):
            told = _TOLD.get(name) or " ".join(section.help.split())
            told = cut(told, max(8, width - _NAME - 2))
            line = (blank(1), left(name, _NAME, "strong"), Cell(told, "muted"))
            found.append(Option(name, line))
    return found


def venues(data: Mapping[str, Any], query: str) -> list[Option]:
    """Every exchange of the config, and whose money moves there."""
    tables = data.get("exchanges")
    found = []
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        kind = str(table.get("type", "?")) if isinstance(table, dict) else "?"
        network = str(table.get("network", "")) if isinstance(table, dict) else ""
        if not _fits(f"{name} {kind} {network}", query):
            continue
        told = {"mainnet": "mainnet: paper until you say live", "testnet": "testnet: play money"}
        about = told.get(network, "paper: no real orders" if kind == "paper" else network)
        line = (
            blank(1), left(name, _NAME, "strong"), left(clean(kind), _NAME), Cell(about, "muted"),
        )  # fmt: skip
        found.append(Option(name, line))
    return found


def symbols(
    rows: Sequence[InstrumentRow],
    query: str,
    marked: Collection[str] = (),
    quotes: Collection[str] = (),
) -> list[Option]:
    """What an exchange offers and fits the words typed, those that begin with them first.

    What is paid in one of `quotes`, which the account has, stands before what isn't.
    """
    fitting = [row for row in rows if _fits(f"{row.symbol} {_kind(row)}", query)]
    first = query.strip().upper()

    def rank(row: InstrumentRow) -> tuple[bool, bool, str]:
        quote = row.symbol.partition("/")[2].partition(":")[0]
        return quote not in quotes, not row.symbol.startswith(first), row.symbol

    fitting.sort(key=rank)
    return [Option(row.symbol, _instrument(row, row.symbol in marked)) for row in fitting]


def quotes_in_use(data: Mapping[str, Any]) -> set[str]:
    """What the accounts have, and what the bots pay in."""
    found: set[str] = set()
    for kind in ("exchanges", "bots"):
        tables = data.get(kind)
        for table in (tables if isinstance(tables, dict) else {}).values():
            if not isinstance(table, dict):
                continue
            balances = table.get("balances")
            found.update(balances if isinstance(balances, dict) else {})
            symbol = table.get("symbol")
            if isinstance(symbol, str):
                found.add(symbol.partition("/")[2].partition(":")[0])
    return found


def symbol_heading() -> Line:
    """The columns of the instruments."""
    return (
        blank(3), left("symbol", _SYMBOL, "muted"), left("kind", 5, "muted"),
        right("price", 12, "muted"), right("tick", 10, "muted"), right("least", 8, "muted"),
        right("maker", 10, "muted"), right("taker", 10, "muted"),
    )  # fmt: skip


def _instrument(row: InstrumentRow, is_marked: bool) -> Line:
    price = number(row.price, max(2, places_of([row.price]))) if row.price is not None else "–"
    return (
        Cell(" ● " if is_marked else "   ", "gain"),
        left(row.symbol, _SYMBOL, "strong"),
        left(_kind(row), 5),
        right(price, 12, "price"),
        right(trimmed(row.tick_size, 8), 10),
        right(trimmed(row.min_notional, 2), 8),
        right(f"{trimmed(row.maker_fee * 100, 4)} %", 10, "muted"),
        right(f"{trimmed(row.taker_fee * 100, 4)} %", 10, "muted"),
    )


def _kind(row: InstrumentRow) -> str:
    return "spot" if row.market is MarketType.SPOT else "perp"


def _fits(text: str, query: str) -> bool:
    """Every word typed is somewhere in it."""
    return all(word in text.casefold() for word in query.casefold().split())


def takes_several(section: FormSection) -> bool:
    """Whether a strategy trades a basket rather than one symbol."""
    return not any(field.key == "symbol" for field in section.fields)


def name_for(strategy: str, symbols_: Sequence[str]) -> str:
    """A name that says what a bot does: eth-grid."""
    if len(symbols_) != 1:
        return "basket"
    base = symbols_[0].partition("/")[0].lower()
    return f"{''.join(c if c.isalnum() else '-' for c in base)}-{strategy}"


def step_title(step: Step, chosen: Sequence[str], width: int) -> Line:
    """How far the wizard is and what has been chosen."""
    at = 1 if step is Step.STRATEGY else 2
    so_far = cut(" · ".join(chosen), max(4, width - 40))
    asks = {
        Step.STRATEGY: "What is it to do?",
        Step.VENUE: "Where is it to trade?",
        Step.SYMBOL: "What is it to trade?",
        Step.NAME: "What is it to be called?",
    }[step]
    return (
        Cell(f" new bot, step {at} of {STEPS} ", "title"),
        Cell(f"{asks} ", "strong"),
        Cell(so_far, "muted"),
    )


def guided_pages(page: Page, data: Mapping[str, Any]) -> list[Page]:
    """A new bot's table in three steps: its parameters, its limits, whose money it moves."""
    fields = page.section.fields
    risk = tuple(field for field in fields if len(field.path) > 1)
    money = tuple(field for field in fields if field.key in MONEY_KEYS and len(field.path) == 1)
    own = tuple(field for field in fields if field not in risk and field not in money)
    steps = (
        ("3 parameters", own, ""),
        ("4 risk", risk, "Limits that hold the bot back or end it; what is not set is off."),
        ("5 paper or live", money, money_note(data, page.path)),
    )
    return [
        page._replace(
            name=name, note=note, section=msgspec.structs.replace(page.section, fields=some)
        )
        for name, some, note in steps
    ]


def money_note(data: Mapping[str, Any], bot: Path) -> str:
    """Whose money `live` would move."""
    exchange = str(value_at(data, (*bot, "exchange")))
    network = value_at(data, ("exchanges", exchange, "network"))
    if network == "mainnet":
        return f"Without live it trades on paper at {exchange}'s prices. live = true: REAL MONEY."
    if network == "testnet":
        return f"Without live it trades on paper. live = true: play money on {exchange}, testnet."
    return f"{exchange} is a paper exchange: no real order ever leaves for it."
