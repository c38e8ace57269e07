"""What came of a run in figures: one run, and two side by side."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.backtests import BacktestedBot, BacktestResult
from nimbus_tui.core.fill import Fill
from nimbus_tui.tui.viewmodels.lines import (
    NONE,
    Cell,
    Line,
    clean,
    cut,
    lasting,
    left,
    moment,
    number,
    places_of,
    right,
    signed,
    trimmed,
)
from nimbus_tui.tui.viewmodels.words import SIDES

_NAME = 15
_COLUMN = 13
_ALL = "all"
_HUNDRED = Decimal(100)


class _Figure(NamedTuple):
    """One figure: how it is had of a bot, how it reads, and whether more of it is better."""

    name: str
    of: Callable[[BacktestedBot], Decimal | None]
    is_signed: bool = False
    is_sum: bool = False
    """Whether the figures of several bots add up."""
    unit: str = ""
    places: int = 2
    better: int = 0
    """1: more is better, -1: less is better, 0: neither."""


def _statistic(name: str) -> Callable[[BacktestedBot], Decimal | None]:
    def of(one: BacktestedBot) -> Decimal | None:
        value = one.bot.statistics.get(name)
        return None if value is None else Decimal(str(value))

    return of


def _share(value: Decimal | None) -> Decimal | None:
    return None if value is None else value * _HUNDRED


_DRAWDOWN = _Figure("max drawdown", lambda o: o.max_drawdown * _HUNDRED, unit=" %", better=-1)
_FIGURES = (
    _Figure("PnL", lambda o: o.bot.equity - o.bot.capital, is_signed=True, is_sum=True, better=1),
    _Figure("equity", lambda o: o.bot.equity, is_sum=True),
    _Figure("realised", lambda o: o.bot.realized_pnl, is_signed=True, is_sum=True, better=1),
    _Figure("unrealised", lambda o: o.bot.unrealized_pnl, is_signed=True, is_sum=True),
    _Figure("fees", lambda o: o.bot.fees, is_sum=True, better=-1),
    _Figure("funding", lambda o: o.bot.funding, is_signed=True, is_sum=True, better=1),
    _Figure("vs buy & hold", _statistic("versus_buy_and_hold"), is_signed=True, better=1),
    _DRAWDOWN,
    _Figure("Sharpe", lambda o: None if o.sharpe is None else Decimal(str(o.sharpe)), better=1),
    _Figure("win rate", lambda o: _share(o.win_rate), unit=" %", places=1, better=1),
    _Figure("profit factor", lambda o: o.profit_factor, better=1),
    _Figure(
        "in the market", lambda o: _share(_statistic("time_in_market")(o)), unit=" %", places=1
    ),
    _Figure("round trips", lambda o: Decimal(o.bot.round_trips), is_sum=True, places=0),
    _Figure("fills", lambda o: Decimal(o.fills), is_sum=True, places=0),
    _Figure("orders", lambda o: Decimal(o.orders_placed), is_sum=True, places=0),
    _Figure("cancelled", lambda o: Decimal(o.orders_cancelled), is_sum=True, places=0),
)


def spanned(result: BacktestResult) -> str:
    """From when to when, and how fast."""
    start = moment(result.first_ts, result.last_ts)
    length = lasting(result.last_ts - result.first_ts)
    return f"{start} + {length} · {result.ticks:,} ticks in {result.seconds:.1f} s"


def result_lines(result: BacktestResult, width: int) -> list[Line]:
    """Figures down, bots across, as many as fit; what went wrong above them."""
    lines: list[Line] = [(Cell(cut(f" {spanned(result)}", width), "muted"),)]
    lines += [(Cell(cut(f" ▲ {text}", width), "warning"),) for text in result.errors[:3]]
    fit = max(1, (width - _NAME - 2) // (_COLUMN + 1))
    is_many = len(result.bots) > 1
    shown = result.bots[: fit - 1] if is_many and fit > 1 else result.bots[:fit]
    names = [_ALL] * is_many + [one.bot.bot_id for one in shown]
    head = [right(cut(name, _COLUMN), _COLUMN + 1, "strong") for name in names]
    lines.append((left("", _NAME + 1), *head))
    for figure in _FIGURES:
        cells = [_told(figure, _total(figure, result))] if is_many else []
        cells += [_told(figure, figure.of(one)) for one in shown]
        columns = [right(cell.text, _COLUMN + 1, cell.tone) for cell in cells]
        lines.append((left(f" {figure.name}", _NAME + 1, "muted"), *columns))
    if hidden := len(result.bots) - len(shown):
        lines.append((Cell(f" and {hidden} more bots, where there is room", "muted"),))
    return lines


def _total(figure: _Figure, result: BacktestResult) -> Decimal | None:
    """Over all bots; None where figures don't add up or money is in several currencies."""
    bots = result.bots
    values = [figure.of(one) for one in bots]
    if len(bots) == 1:
        return values[0]
    is_one_money = len({one.bot.quote for one in bots}) == 1
    if figure is _DRAWDOWN and is_one_money:
        return _worst_fall(result.equity)
    if not figure.is_sum or not is_one_money:
        return None
    return sum((value for value in values if value is not None), Decimal(0))


def _worst_fall(equity: Sequence[tuple[int, Decimal]]) -> Decimal:
    """Of all bots together, in percent of the peak."""
    peak, worst = Decimal(0), Decimal(0)
    for _, value in equity:
        peak = max(peak, value)
        worst = max(worst, (peak - value) / peak if peak > 0 else worst)
    return worst * _HUNDRED


def _told(figure: _Figure, value: Decimal | None) -> Cell:
    if value is None:
        return Cell(NONE, "muted")
    if figure.is_signed:
        return Cell(*signed(value, figure.places))
    return Cell(f"{number(value, figure.places)}{figure.unit}")


# two runs


def compared(first: BacktestResult, second: BacktestResult, width: int) -> list[Line]:
    """What differs in the parameters, then each figure of both and what B has more."""
    differing = _differences(first, second)
    longest = max((len(key) for key, _, _ in differing), default=0)
    name = max(_NAME, min(longest, width // 3))
    column = max(10, min(_COLUMN + 5, (width - name - 4) // 3))
    names = (f"A = {first.number}", f"B = {second.number}", "B − A")
    lines: list[Line] = [
        (
            left(" parameters", name + 2, "title"),
            *(right(one, column, "strong") for one in names[:2]),
        )
    ]
    lines += [
        (
            left(f" {key}", name + 2, "muted"),
            right(cut(a, column - 1), column),
            right(cut(b, column - 1), column, "price"),
        )
        for key, a, b in differing
    ]
    if not differing:
        lines.append((Cell(" the same in both", "muted"),))
    lines.append(())
    lines.append(
        (left(" figures", name + 2, "title"), *(right(one, column, "strong") for one in names))
    )
    return [*lines, *(_beside(figure, first, second, (name, column)) for figure in _FIGURES)]


def _differences(first: BacktestResult, second: BacktestResult) -> list[tuple[str, str, str]]:
    """(parameter, in A, in B); the bot's name is left out where there is but one."""
    ours, theirs = _parameters(first), _parameters(second)
    found = [
        (key, ours.get(key, NONE), theirs.get(key, NONE))
        for key in dict.fromkeys((*ours, *theirs))
        if ours.get(key) != theirs.get(key)
    ]
    if first.first_ts != second.first_ts or first.last_ts != second.last_ts:
        a, b = (lasting(one.last_ts - one.first_ts) for one in (first, second))
        found.append(("length", a, b))
    return found


def _parameters(result: BacktestResult) -> dict[str, str]:
    is_one = len(result.bots) == 1
    return {
        key if is_one else f"{one.bot.bot_id}.{key}": clean(value)
        for one in result.bots
        for key, value in one.parameters.items()
    }


def _beside(
    figure: _Figure, first: BacktestResult, second: BacktestResult, widths: tuple[int, int]
) -> Line:
    name, column = widths
    a, b = (_total(figure, result) for result in (first, second))
    cells = [_told(figure, a), _told(figure, b)]
    if a is None or b is None:
        more = Cell("", "muted")
    else:
        text, _ = signed(b - a, figure.places)
        tone = "plain"
        if figure.better and round(b - a, figure.places):
            tone = "gain" if (b > a) == (figure.better > 0) else "loss"
        sign = {"gain": " ▲", "loss": " ▼", "plain": "  "}[tone]
        more = Cell(f"{text}{figure.unit}{sign}", tone)
    return (
        left(f" {figure.name}", name + 2, "muted"),
        *(right(cell.text, column, cell.tone) for cell in (*cells, more)),
    )


# trades


def trade_lines(result: BacktestResult, width: int) -> list[Line]:
    """Every fill that was told, newest first, under a heading."""
    fills, end = result.fills, result.last_ts
    price, size = places_of(f.price for f in fills), places_of(f.quantity for f in fills)
    who = max((len(fill.bot_id or "") for fill in fills), default=0)
    names: Line = (
        left(" time UTC", 14, "muted"), left("side", 7, "muted"), right("price", 12, "muted"),
        right("size", 12, "muted"), right("fee", 9, "muted"), Cell("  "),
        left("bot", min(14, who), "muted"), Cell("  key", "muted"),
    )  # fmt: skip
    lines = [names]
    lines += [_trade(fill, end, price, size, who) for fill in reversed(fills)]
    fit = len(names)
    while fit > 1 and sum(len(cell.text) for cell in names[:fit]) > width:
        fit -= 1
    return [line[:fit] for line in lines]


def _trade(fill: Fill, end: int, price: int, size: int, who: int) -> Line:
    side = SIDES[fill.side]
    return (
        left(f" {moment(fill.ts, end)}", 14, "muted"), left(side.text, 7, side.tone),
        right(number(fill.price, price), 12), right(number(fill.quantity, size), 12),
        right(trimmed(fill.fee, 4), 9, "muted"), Cell("  "),
        left(fill.bot_id or "", min(14, who)), Cell(f"  {clean(fill.key or '')}", "muted"),
    )  # fmt: skip
