"""The fills of all bots as a table."""

from collections.abc import Mapping, Sequence

from nimbus_tui.control.rows import fill_row
from nimbus_tui.core.codec import to_plain
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    clock,
    left,
    moment,
    number,
    places_of,
    right,
    trimmed,
)
from nimbus_tui.tui.viewmodels.table import Column, Context, Table, digits
from nimbus_tui.tui.viewmodels.words import SIDES


def _places(fills: Sequence[Fill]) -> Mapping[str, tuple[int, int]]:
    by_symbol: dict[str, list[Fill]] = {}
    for fill in fills:
        by_symbol.setdefault(fill.symbol, []).append(fill)
    return {
        symbol: (places_of(f.price for f in own), places_of(f.quantity for f in own))
        for symbol, own in by_symbol.items()
    }


def _time(fill: Fill, width: int, context: Context) -> Cell:
    """Day and second: fills are compared with the venue's own list."""
    return left(f"{moment(fill.ts, context.now_ns)[:6]} {clock(fill.ts)}", width, "muted")


def _side(fill: Fill, width: int, _: Context) -> Cell:
    return left(SIDES[fill.side].text, width, SIDES[fill.side].tone)


def _price(fill: Fill, width: int, context: Context) -> Cell:
    return right(number(fill.price, digits(context, fill.symbol, fill.price, 0)), width)


def _size(fill: Fill, width: int, context: Context) -> Cell:
    return right(number(fill.quantity, digits(context, fill.symbol, fill.quantity, 1)), width)


def _fee(fill: Fill, width: int, _: Context) -> Cell:
    """Six digits behind the point: fees of small fills are smaller than a cent."""
    text = number(fill.fee, 6)
    return right(text if len(text) <= width else trimmed(fill.fee, 2), width, "muted")


def _role(fill: Fill) -> str:
    if fill.forced:
        return "forced"
    return "maker" if fill.maker else "taker"


def _facets(fill: Fill) -> Mapping[str, str]:
    return {
        "bot": fill.bot_id or "", "side": fill.side.value, "symbol": fill.symbol,
        "venue": fill.exchange, "role": _role(fill), "key": fill.key or "",
    }  # fmt: skip


def _bot(fill: Fill) -> BotId | None:
    return fill.bot_id


FILLS: Table[Fill] = Table(
    name="fills",
    columns=(
        Column("time", 15, 0, _time, lambda f: f.ts),
        Column("bot", 12, 0, lambda f, w, _: left(f.bot_id or "", w, "strong"),
               lambda f: f.bot_id, most=20),
        Column("symbol", 14, 3, lambda f, w, _: left(f.symbol, w), lambda f: f.symbol, most=18),
        Column("side", 6, 0, _side, lambda f: f.side.value),
        Column("price", 11, 0, _price, lambda f: f.price, is_number=True, most=14),
        Column("size", 10, 0, _size, lambda f: f.quantity, is_number=True, most=14),
        Column("worth", 11, 1, lambda f, w, _: right(number(f.notional), w), lambda f: f.notional,
               is_number=True, most=14),
        Column("fee", 9, 4, _fee, lambda f: f.fee,
               is_number=True, most=12),
        Column("in", 5, 5, lambda f, w, _: left(f.fee_asset, w, "muted"), lambda f: f.fee_asset),
        Column("role", 6, 6, lambda f, w, _: left(_role(f), w, "muted"), _role),
        Column("key", 12, 2, lambda f, w, _: left(f.key or "", w, "muted"), lambda f: f.key,
               most=30),
        Column("venue", 10, 7, lambda f, w, _: left(f.exchange, w, "muted"), lambda f: f.exchange),
        Column("trade id", 20, 8, lambda f, w, _: left(f.trade_id, w, "muted"),
               lambda f: f.trade_id),
    ),
    identity=lambda f: f"{f.exchange} {f.trade_id}",
    facets=_facets,
    words=lambda f: f"{f.bot_id} {f.symbol} {f.side.value} {f.key} {f.exchange} {f.trade_id} "
                    f"{f.client_order_id}",
    bot=_bot,
    plain=lambda f: to_plain(fill_row(f)),
    title=lambda f: f"fill {f.trade_id} on {f.exchange}",
    places=_places,
)  # fmt: skip
