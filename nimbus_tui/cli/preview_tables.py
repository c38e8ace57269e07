"""A preview as tables for people and as a document for scripts."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nimbus_tui.cli.output import print_page, print_text
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.codec import plain
from nimbus_tui.core.panels import (
    DriftPanel,
    DriftRow,
    LadderPanel,
    LadderRow,
    Panel,
    StepRow,
    StepsPanel,
    TimelinePanel,
    TimelineRow,
)
from nimbus_tui.core.preview import Preview, PreviewPrice, PriceOrigin

_ORIGINS = {
    PriceOrigin.GIVEN: "as given",
    PriceOrigin.ENGINE: "newest of the running engine",
    PriceOrigin.PAPER_FILE: "newest that the paper exchange has kept",
    PriceOrigin.SYNTHETIC_START: "start of the made-up market",
    PriceOrigin.FIRST_RECORDED: "first price of the file",
}
_DIGITS = 8
"""How many digits of a number count in a table; the document has all."""

Facts = Iterator[tuple[str, str]]


def print_preview(title: str, preview: Preview, prices: Sequence[PreviewPrice]) -> None:
    """One bot: its prices with their origin, its figures, the rows of its panel."""
    print_text(title)
    facts = [(str(price.symbol), f"{shown(price.price)}  ({_origin(price)})") for price in prices]
    facts += [(figure.name, f"{shown(figure.value)} {figure.unit}") for figure in preview.figures]
    panel = preview.panel
    if panel is not None:
        facts += [*_facts(panel), *([("note", panel.note)] if panel.note else [])]
    print_page(("", ""), facts)
    if panel is not None and panel.rows:
        print_text("")
        _print_rows(panel)


def document(preview: Preview, prices: Sequence[PreviewPrice]) -> dict[str, Any]:
    """One bot for scripts."""
    return {
        "prices": [
            {"symbol": p.symbol, "price": p.price, "source": p.origin.value, "ts": p.ts}
            for p in prices
        ],
        "panel": preview.panel,
        "figures": preview.figures,
        "warnings": preview.warnings,
        "refusals": preview.refusals,
    }


def shown(value: Decimal | int | str | None) -> str:
    """A figure for people: eight digits that count, no idle zeros, a dash for nothing."""
    if value is None:
        return "–"
    if not isinstance(value, Decimal) or not value.is_finite():
        return str(value)
    places = max(2, _DIGITS - 1 - value.adjusted())
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        value = value.quantize(Decimal(1).scaleb(-places))
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _origin(price: PreviewPrice) -> str:
    if price.ts is None:
        return _ORIGINS[price.origin]
    return f"{_ORIGINS[price.origin]}, {_moment(price.ts)} UTC"


def _moment(ts: int | None) -> str:
    if ts is None:
        return "–"
    return f"{datetime.fromtimestamp(ts // NS_PER_SECOND, UTC):%Y-%m-%d %H:%M}"


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:+.2f} %"


def _facts(panel: Panel) -> Facts:
    """What a panel says beside its rows; what it doesn't know is left out."""
    match panel:
        case LadderPanel():
            found = {
                "base": shown(panel.base),
                "moves below": shown(panel.wake_below),
                "moves above": shown(panel.wake_above),
            }
        case TimelinePanel():
            most = "" if panel.max_orders is None else f" of {panel.max_orders}"
            spends = "" if panel.max_quote is None else f" of {shown(panel.max_quote)}"
            found = {
                "side": panel.side.value,
                "orders": f"{panel.orders}{most}",
                "invested": f"{shown(panel.invested)}{spends}",
                "next order": _moment(panel.next_due),
                "stop price": shown(panel.stop_price),
                "target price": shown(panel.target_price),
            }
        case DriftPanel():
            found = {
                "value": f"{shown(panel.value)} {panel.quote}" if panel.value else "–",
                "next rebalance": _moment(panel.next_rebalance),
            }
        case StepsPanel():
            found = {
                "side": panel.side.value,
                "entry price": shown(panel.entry_price),
                "target price": shown(panel.target_price),
                "stop price": shown(panel.stop_price),
                "capital": shown(panel.capital) if panel.capital else "–",
            }
    yield from ((name, text) for name, text in found.items() if text != "–")


def _print_rows(panel: Panel) -> None:
    match panel:
        case LadderPanel(rows=rows):
            _print_columns(_LADDER, rows)
        case TimelinePanel(rows=rows):
            _print_columns(_TIMELINE, rows)
        case DriftPanel(rows=rows):
            _print_columns(_DRIFT, rows)
        case StepsPanel(rows=rows):
            _print_columns(_STEPS, rows)


def _print_columns(columns: dict[str, Callable[[Any], str]], rows: Sequence[Any]) -> None:
    """The columns that say something in at least one row."""
    cells = {name: [cell(row) for row in rows] for name, cell in columns.items()}
    used = {name: texts for name, texts in cells.items() if any(text != "" for text in texts)}
    print_page(tuple(used), zip(*used.values(), strict=True))


def _amount(value: Decimal) -> str:
    return shown(value) if value else ""


def _side(row: LadderRow | DriftRow) -> str:
    return row.side.value if row.side is not None else ""


_LADDER: dict[str, Callable[[LadderRow], str]] = {
    "level": lambda row: f"{row.level:+d}" if row.level else "0",
    "price": lambda row: shown(row.price),
    "from base": lambda row: _percent(row.offset_percent),
    "order": _side,
    "size": lambda row: _amount(row.quantity),
    "state": lambda row: row.state.value if row.side is not None else "",
    "profit of a trip": lambda row: _amount(row.profit),
}
_TIMELINE: dict[str, Callable[[TimelineRow], str]] = {
    "due": lambda row: _moment(row.due),
    "state": lambda row: row.state.value,
    "price": lambda row: "" if row.price is None else shown(row.price),
    "size": lambda row: _amount(row.quantity),
    "spent": lambda row: _amount(row.spent),
    "invested": lambda row: _amount(row.invested),
    "average": lambda row: "" if row.average_cost is None else shown(row.average_cost),
    "note": lambda row: row.note,
}
_DRIFT: dict[str, Callable[[DriftRow], str]] = {
    "asset": lambda row: row.asset,
    "target": lambda row: f"{shown(row.target)} %",
    "now": lambda row: "" if row.current is None else f"{row.current:.2f} %",
    "drift": lambda row: "" if row.drift is None else f"{row.drift:+.2f}",
    "acts at": lambda row: "" if row.threshold is None else shown(row.threshold),
    "order": _side,
    "amount": lambda row: _amount(row.amount),
    "value": lambda row: "" if row.value is None else shown(row.value),
    "note": lambda row: row.note,
}
_STEPS: dict[str, Callable[[StepRow], str]] = {
    "step": lambda row: str(row.step),
    "price": lambda row: shown(row.price),
    "away": lambda row: f"{row.deviation_percent:.2f} %",
    "size": lambda row: shown(row.quantity),
    "quote": lambda row: shown(row.quote),
    "in all": lambda row: shown(row.cumulative_quote),
    "average": lambda row: "" if row.average_cost is None else shown(row.average_cost),
    "target": lambda row: "" if row.target_price is None else shown(row.target_price),
}
