"""A second opinion on a backtest's figures: everything again, from the exported tables alone.

Written from the rules in the docs, in fractions, without a line of the product. It takes any bot,
with one symbol or several, as long as it was the only one of its run:

    document, folder = run_backtest(...)
    assert_figures_agree(document, folder, {"ETH/USDC": "0.0001"})

A bot that counts its cycles in a way of its own brings a function that finds them in the tables,
like `grid_round_trips`; else a cycle is a symbol's position from flat to flat.
"""

import csv
import itertools
import math
import statistics
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

DAY_NS = 86_400 * 10**9
NOTHING = Fraction(0)
Row = dict[str, str]


class Tables(NamedTuple):
    """The exported tables of one run."""

    fills: list[Row]
    orders: list[Row]
    funding: list[Row]
    marks: dict[str, Fraction]
    equity: list[tuple[int, Fraction]]


def read_tables(folder: Path) -> Tables:
    """What `backtest --export` has written."""

    def rows(name: str) -> list[Row]:
        with (folder / name).open(newline="") as stream:
            return list(csv.DictReader(stream))

    return Tables(
        fills=rows("fills.csv"),
        orders=rows("orders.csv"),
        funding=rows("funding.csv"),
        marks={row["symbol"]: Fraction(row["mark_price"]) for row in rows("marks.csv")},
        equity=[(int(row["ts"]), Fraction(row["equity"])) for row in rows("equity.csv")],
    )


class Move(NamedTuple):
    """One fill as far as money goes: signed coins received, price and fee in quote."""

    ts: int
    symbol: str
    key: str
    coins: Fraction
    price: Fraction
    fee: Fraction


def moves_of(fills: Iterable[Row]) -> list[Move]:
    """The fills with their fees in quote; coins that went as a fee were never received."""
    moves = []
    for row in fills:
        pair, _, settle = row["symbol"].partition(":")
        base, _, quote = pair.partition("/")
        price, fee = Fraction(row["price"]), Fraction(row["fee"])
        coins = Fraction(row["quantity"]) * (1 if row["side"] == "buy" else -1)
        if row["fee_asset"] == base:
            coins, fee = coins - (NOTHING if settle else fee), fee * price
        elif row["fee_asset"] != (settle or quote):
            raise ValueError(f"what a fee in {row['fee_asset']} was worth is not in the tables")
        moves.append(Move(int(row["ts"]), row["symbol"], row["key"], coins, price, fee))
    return moves


def share(cost: Fraction, part: Fraction, whole: Fraction) -> Fraction:
    """A part of a cost, rounded to 1e-12 as the docs say; the whole is never rounded."""
    return cost if part == whole else Fraction(rounded(cost * part / whole, 12))


def rounded(number: Fraction, places: int) -> Decimal:
    """A fraction as a Decimal of so many places, half to even."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


# the books


class Holding:
    """One symbol: what is held by average cost and first in first out, and what closed."""

    def __init__(self, symbol: str, lot_size: Fraction) -> None:
        self.symbol = symbol
        self.lot_size = lot_size
        self.coins = self.cost = self.realized = self.realized_fifo = NOTHING
        self.lots: deque[tuple[Fraction, Fraction]] = deque()
        self.in_cycle_since: int | None = None
        self.cycle_result = NOTHING
        self.cycles: list[Fraction] = []
        self.spans: list[tuple[int, int]] = []

    def absorb(self, move: Move) -> None:
        """One fill of this symbol."""
        before = self.coins
        gain = self._by_average(move)
        self.realized += gain
        self._by_lots(move.coins, move.price)
        self._follow(move, before, gain)

    def pay(self, amount: Fraction) -> None:
        """One funding payment, > 0 received."""
        self.cycle_result += amount

    def _by_average(self, move: Move) -> Fraction:
        coins = move.coins
        if self.coins * coins >= 0:
            self.coins, self.cost = self.coins + coins, self.cost + coins * move.price
            return NOTHING
        closed = min(abs(coins), abs(self.coins)) * (1 if self.coins > 0 else -1)
        cost = share(self.cost, closed, self.coins)
        self.coins, self.cost = self.coins - closed, self.cost - cost
        opened = coins + closed
        self.coins, self.cost = self.coins + opened, self.cost + opened * move.price
        return closed * move.price - cost

    def _by_lots(self, coins: Fraction, price: Fraction) -> None:
        while coins and self.lots and self.lots[0][0] * coins < 0:
            held, entry = self.lots.popleft()
            taken = min(abs(coins), abs(held)) * (1 if held > 0 else -1)
            self.realized_fifo += taken * (price - entry)
            coins += taken
            if taken != held:
                self.lots.appendleft((held - taken, entry))
        if coins:
            self.lots.append((coins, price))

    def _follow(self, move: Move, before: Fraction, gain: Fraction) -> None:
        held = abs(self.coins) >= self.lot_size
        turned = held and before * self.coins < 0
        later_fee = share(move.fee, self.coins, self.coins - before) if turned else NOTHING
        self.cycle_result += gain - (move.fee - later_fee)
        if self.in_cycle_since is None:
            self.cycle_result -= later_fee
            self.in_cycle_since = move.ts if held else None
        elif not held or turned:
            self.cycles.append(self.cycle_result)
            self.spans.append((self.in_cycle_since, move.ts))
            self.cycle_result = -later_fee
            self.in_cycle_since = move.ts if turned else None


class Account(NamedTuple):
    """All symbols of one bot after its last fill, and its cycles in the order of their closing."""

    holdings: dict[str, Holding]
    fees: Fraction
    funding: Fraction
    cycles: list[Fraction]


def account_of(tables: Tables, lot_sizes: Mapping[str, str]) -> Account:
    """Play the fills and payments in time order; a payment is before a fill of the same time."""
    holdings = {symbol: Holding(symbol, Fraction(lot)) for symbol, lot in lot_sizes.items()}
    cycles: list[Fraction] = []
    story: list[tuple[int, int, Any]] = [(int(row["ts"]), 0, row) for row in tables.funding]
    story += [(move.ts, 1, move) for move in moves_of(tables.fills)]
    for _, _, happened in sorted(story, key=lambda entry: entry[:2]):
        if isinstance(happened, Move):
            holding = holdings[happened.symbol]
            holding.absorb(happened)
            cycles += holding.cycles
            holding.cycles = []
        else:
            holdings[happened["symbol"]].pay(Fraction(happened["amount"]))
    fees = sum((move.fee for move in moves_of(tables.fills)), NOTHING)
    funding = sum((Fraction(row["amount"]) for row in tables.funding), NOTHING)
    return Account(holdings, fees, funding, cycles)


def time_in_market(holdings: Iterable[Holding], first: int, last: int) -> Decimal:
    """The share of the run in which any symbol was held, four places."""
    spans = []
    for holding in holdings:
        spans += holding.spans
        if holding.in_cycle_since is not None:
            spans.append((holding.in_cycle_since, last))
    covered, reached = 0, first
    for begin, end in sorted(spans):
        covered += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return rounded(Fraction(covered, last - first), 4)


# the curve


def worst_drawdown(curve: list[tuple[int, Fraction]]) -> Decimal:
    """The largest fall from an earlier point, as a share of it, ten places."""
    worst = peak = NOTHING
    for _, equity in curve:
        peak = max(peak, equity)
        if peak > 0:
            worst = max(worst, (peak - equity) / peak)
    return rounded(worst, 10)


def sharpe_ratio(curve: list[tuple[int, Fraction]]) -> float | None:
    """Mean over sample deviation of the returns between UTC days' ends, × √365, four places."""
    ends: dict[int, float] = {}
    for ts, equity in curve:
        ends[ts // DAY_NS] = float(equity)
    days = list(ends.values())
    returns = [later / earlier - 1 for earlier, later in itertools.pairwise(days) if earlier > 0]
    if len(returns) < 2 or statistics.stdev(returns) == 0:
        return None
    return round(statistics.fmean(returns) / statistics.stdev(returns) * math.sqrt(365), 4)


# cycles


def profit_factor(cycles: Iterable[Fraction]) -> Decimal | None:
    """Gains over losses, four places; None without a loss."""
    results = list(cycles)
    losses = -sum((one for one in results if one < 0), NOTHING)
    gains = sum((one for one in results if one > 0), NOTHING)
    return rounded(gains / losses, 4) if losses else None


def win_rate(cycles: list[Fraction]) -> Decimal | None:
    """The share that closed at a gain, four places; None without a cycle."""
    return rounded(Fraction(sum(one > 0 for one in cycles), len(cycles)), 4) if cycles else None


def losses_in_a_row(cycles: list[Fraction]) -> int:
    """How many cycles up to the last closed at a loss."""
    count = 0
    for result in reversed(cycles):
        if result >= 0:
            break
        count += 1
    return count


def grid_round_trips(tables: Tables) -> list[Fraction]:
    """Results of the fills that bring a grid's inventory back towards its last (re)centring.

    Each is matched with the newest entries. A fresh grid gives all its orders one cycle number, so
    the tables show when it was placed; what fills on the same tick still belongs to the old one.
    """
    placed: dict[str, list[int]] = defaultdict(list)
    for row in tables.orders:
        if row["key"].startswith("grid/") and not row["key"].startswith("grid/inventory"):
            placed[row["key"].rpartition("/")[2]].append(int(row["ts"]))
    centred = sorted(min(times) for times in placed.values() if len(times) > 1)
    stack: list[tuple[Fraction, Fraction, Fraction]] = []
    results = []
    for move in moves_of(tables.fills):
        while centred and centred[0] < move.ts:
            centred.pop(0)
            stack.clear()
        if move.key.startswith("grid/inventory"):
            continue
        coins, fee, result, closed = move.coins, move.fee, NOTHING, False
        while coins and stack and stack[-1][0] * coins < 0:
            held, entry, entry_fee = stack.pop()
            taken = min(abs(coins), abs(held)) * (1 if held > 0 else -1)
            paid, pays = share(entry_fee, taken, held), share(fee, taken, -coins)
            result += taken * (move.price - entry) - paid - pays
            coins, fee, closed = coins + taken, fee - pays, True
            if taken != held:
                stack.append((held - taken, entry, entry_fee - paid))
        if coins:
            stack.append((coins, move.price, fee))
        if closed:
            results.append(result)
    return results


# the whole


def figures_of(
    tables: Tables,
    lot_sizes: Mapping[str, str],
    first: int,
    last: int,
    own_cycles: Callable[[Tables], list[Fraction]] | None = None,
) -> dict[str, Any]:
    """Every figure of the report that the tables can tell; money as fractions, to be exact."""
    account = account_of(tables, lot_sizes)
    holdings = account.holdings.values()
    cycles = account.cycles if own_cycles is None else own_cycles(tables)
    capital = tables.equity[0][1]
    realized = sum((one.realized for one in holdings), NOTHING)
    unrealized = sum((one.coins * tables.marks[one.symbol] - one.cost for one in holdings), NOTHING)
    return {
        "realized_pnl": realized,
        "unrealized_pnl": unrealized,
        "fees": account.fees,
        "equity": capital + realized + unrealized - account.fees + account.funding,
        "fills": len(tables.fills),
        "orders_placed": len(tables.orders),
        "max_drawdown": Fraction(worst_drawdown(tables.equity)),
        "sharpe": sharpe_ratio(tables.equity),
        "win_rate": win_rate(cycles),
        "profit_factor": profit_factor(cycles),
        "statistics.realized_pnl_fifo": sum((one.realized_fifo for one in holdings), NOTHING),
        "statistics.funding": account.funding,
        "statistics.cycles": len(cycles),
        "statistics.losses_in_a_row": losses_in_a_row(cycles),
        "statistics.time_in_market": time_in_market(holdings, first, last),
    }


def assert_figures_agree(
    document: Mapping[str, Any],
    folder: Path,
    lot_sizes: Mapping[str, str],
    own_cycles: Callable[[Tables], list[Fraction]] | None = None,
) -> Tables:
    """The JSON document of a backtest of one bot says what its exported tables say, exactly.

    `lot_sizes` names every symbol of the bot. Returns the tables, for whoever has more to ask.
    """
    (report,) = document["bots"].values()
    tables = read_tables(folder)
    expected = figures_of(tables, lot_sizes, document["from"], document["to"], own_cycles)
    actual = {name: _reported(report, name, value) for name, value in expected.items()}
    assert actual == {name: _comparable(value) for name, value in expected.items()}
    assert tables.equity[-1] == (document["to"], Fraction(report["equity"]))
    assert [[ts, Fraction(value)] for ts, value in tables.equity] == [
        [ts, Fraction(value)] for ts, value in document["equity"]
    ]
    positions = {one.symbol: one.coins for one in account_of(tables, lot_sizes).holdings.values()}
    if report["symbol"] is not None:
        assert positions == {report["symbol"]: Fraction(report["position"])}
    lots = account_of(tables, lot_sizes).holdings.values()
    for one in lots:
        # What has been realised and what is still open come from the same money.
        open_lots = sum((coins * price for coins, price in one.lots), NOTHING)
        assert one.realized - one.cost == one.realized_fifo - open_lots
    return tables


def _reported(report: Mapping[str, Any], name: str, expected: Any) -> Any:
    value: Any = report
    for part in name.split("."):
        value = value[part]
    return Fraction(value) if isinstance(expected, Fraction | Decimal) else value


def _comparable(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value
