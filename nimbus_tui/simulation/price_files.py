"""Recorded prices: trades or candles in CSV, plain or gzipped, as exchanges and tools export them.

Trades: `timestamp_ms,price,size[,side]`; candles: `timestamp_ms,open,high,low,close,volume`; with
or without a header. A candle is replayed as four ticks: open, low before high if it closed up (else
high before low), close, at the start, ¼, ½ and the end − 1 ms, each with a quarter of the volume.
"""

import csv
import gzip
import heapq
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import IO, Protocol

import msgspec

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import DataError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Side

ZERO = Decimal(0)
TIME_NAMES = (
    "timestamp_ms", "ts_ms", "trade_ms", "event_ms", "ts", "time", "timestamp", "date", "open_time",
)  # fmt: skip
PRICE_NAMES = ("price", "px")
SIZE_NAMES = ("size", "qty", "quantity", "amount")
SIDE_NAMES = ("side", "buyer_is_maker")
CANDLE_NAMES = ("open", "high", "low", "close")
QUOTE_NAMES = frozenset({"bid_px", "ask_px", "bid", "ask", "bid_price", "ask_price"})
_DEFAULT_INTERVAL_NS = 60_000 * NS_PER_MS
_SAMPLE_ROWS = 200
_BUYS = frozenset({"buy", "b", "bid", "0", "false"})
_SELLS = frozenset({"sell", "s", "ask", "1", "true"})


class Reader(Protocol):
    """What the csv module's reader offers."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Which column holds what; `price` for trades, the four prices for candles."""

    time: int
    price: int | None = None
    size: int | None = None
    side: int | None = None
    candle: tuple[int, int, int, int] | None = None
    header: bool = True


class PriceFile:
    """One file, read once from start to end; `progress` is the share of it that has been read."""

    def __init__(self, path: Path, symbol: Symbol) -> None:
        self.path = path
        self.symbol = symbol
        self._raw: IO[bytes] | None = None
        self._size = max(1, path.stat().st_size) if path.exists() else 1

    def progress(self) -> float:
        """How much of the file has been read, 0 to 1."""
        if self._raw is None:
            return 0.0
        return 1.0 if self._raw.closed else min(1.0, self._raw.tell() / self._size)

    def ticks(self) -> Iterator[Tick]:
        """The file's ticks in its own order.

        Raises:
            DataError: the file or a row of it can't be used; with the row's number.
        """
        try:
            with self.path.open("rb") as self._raw:
                yield from self._ticks(self._raw)
        except OSError as error:
            raise DataError(f"{self.path} can't be read: {error.strerror or error}") from error
        except EOFError as error:
            raise DataError(f"{self.path} ends in the middle: the gzip file is cut off") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path} is not a text file") from error

    def _ticks(self, raw: IO[bytes]) -> Iterator[Tick]:
        plain = gzip.GzipFile(fileobj=raw) if self.path.suffix == ".gz" else raw
        with io.TextIOWrapper(plain, "utf-8-sig", newline="") as text:
            yield from self._rows(csv.reader(text))

    def _rows(self, reader: "Reader") -> Iterator[Tick]:
        first = next((row for row in reader if row), None)
        if first is None:
            raise DataError(f"{self.path} is empty")
        columns = columns_of(first, self.path)
        rows = reader if columns.header else chain([first], reader)
        numbered = ((reader.line_num, row) for row in rows if row)
        if columns.candle is not None:
            yield from self._candles(numbered, columns)
        else:
            yield from self._trades(numbered, columns)

    def _trades(self, rows: Iterator[tuple[int, list[str]]], columns: Columns) -> Iterator[Tick]:
        scale = 0
        last = -1
        at_time, at_price, at_size, at_side = (
            columns.time, columns.price or 0, columns.size, columns.side,
        )  # fmt: skip
        for number, row in rows:
            try:
                text = row[at_time]
                scale = scale or time_scale(text)
                ts = nanoseconds(text, scale)
                price = Decimal(row[at_price])
                size = ZERO if at_size is None else Decimal(row[at_size])
                side = None if at_side is None else _aggressor(row[at_side])
                good = ZERO < price < Decimal("Infinity") and ZERO <= size < Decimal("Infinity")
            except (IndexError, ValueError, InvalidOperation) as error:
                raise self._broken(number, row, error) from error
            if not good:
                raise self._broken(number, row, ValueError("price must be > 0 and size ≥ 0"))
            if ts < last:
                raise self._backwards(number)
            last = ts
            yield Tick(ts, self.symbol, price, size, side)
        if last < 0:
            raise DataError(f"{self.path} has a header but no rows")

    def _candles(self, rows: Iterator[tuple[int, list[str]]], columns: Columns) -> Iterator[Tick]:
        candles = self._parsed(rows, columns)
        sample = list(islice(candles, _SAMPLE_ROWS))
        if not sample:
            raise DataError(f"{self.path} has a header but no rows")
        gaps = Counter(b[0] - a[0] for a, b in pairwise(sample) if b[0] > a[0])
        interval = gaps.most_common(1)[0][0] if gaps else _DEFAULT_INTERVAL_NS
        for ts, opened, high, low, close, volume in chain(sample, candles):
            middle = (low, high) if close > opened else (high, low)
            quarter = volume / 4
            times = (ts, ts + interval // 4, ts + interval // 2, ts + interval - NS_PER_MS)
            for at, price in zip(times, (opened, *middle, close), strict=True):
                yield Tick(at, self.symbol, price, quarter)

    def _parsed(
        self, rows: Iterator[tuple[int, list[str]]], columns: Columns
    ) -> Iterator[tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal]]:
        scale = 0
        last = -1
        indices = columns.candle or (1, 2, 3, 4)
        for number, row in rows:
            try:
                scale = scale or time_scale(row[columns.time])
                ts = nanoseconds(row[columns.time], scale)
                opened, high, low, close = (Decimal(row[index]) for index in indices)
                volume = ZERO if columns.size is None else Decimal(row[columns.size])
                good = ZERO < low <= min(opened, close) <= max(opened, close) <= high and (
                    high < Decimal("Infinity") and ZERO <= volume < Decimal("Infinity")
                )
            except (IndexError, ValueError, InvalidOperation) as error:
                raise self._broken(number, row, error) from error
            if not good:
                raise self._broken(number, row, ValueError("low ≤ open, close ≤ high must hold"))
            if ts < last:
                raise self._backwards(number)
            last = ts
            yield ts, opened, high, low, close, volume

    def _broken(self, number: int, row: list[str], error: Exception) -> DataError:
        what = "a field is missing" if isinstance(error, IndexError) else str(error)
        if isinstance(error, InvalidOperation):
            what = "a field is not a number"
        return DataError(f"{self.path}, row {number}: {what}: {','.join(row)[:80]}")

    def _backwards(self, number: int) -> DataError:
        return DataError(f"{self.path}, row {number}: the time is before that of the row above")


def columns_of(first: list[str], path: Path) -> Columns:
    """What a file's first row says about its columns.

    Raises:
        DataError: it is a header without the names that are needed, or a file of quotes.
    """
    names = [name.strip().lower() for name in first]
    if _is_number(names[0]):
        return _without_header(names, path)
    if QUOTE_NAMES & set(names):
        raise DataError(f"{path} holds bids and asks, not trades or candles: it can't be replayed")
    time = _index(names, TIME_NAMES)
    price = _index(names, PRICE_NAMES)
    candle = tuple(names.index(name) for name in CANDLE_NAMES if name in names)
    volume = _index(names, ("volume", *SIZE_NAMES))
    if time is not None and len(candle) == 4:
        return Columns(time=time, candle=candle, size=volume)
    if time is not None and price is not None:
        return Columns(
            time=time, price=price, size=_index(names, SIZE_NAMES), side=_index(names, SIDE_NAMES)
        )
    raise DataError(
        f"{path}, row 1: the header {','.join(first)[:80]!r} isn't known. Known are time: "
        f"{' '.join(TIME_NAMES)}; trades: {' '.join(PRICE_NAMES)}, {' '.join(SIZE_NAMES)}, "
        f"{' '.join(SIDE_NAMES)}; candles: {' '.join(CANDLE_NAMES)} volume"
    )


def _without_header(fields: list[str], path: Path) -> Columns:
    if len(fields) in (3, 4):
        side = 3 if len(fields) == 4 else None
        return Columns(time=0, price=1, size=2, side=side, header=False)
    if len(fields) >= 6:
        return Columns(time=0, candle=(1, 2, 3, 4), size=5, header=False)
    raise DataError(
        f"{path}, row 1: without a header a row is timestamp_ms,price,size[,side] "
        f"or timestamp_ms,open,high,low,close,volume; this one has {len(fields)} fields"
    )


def merged(files: Iterable[Iterator[Tick]]) -> Iterator[Tick]:
    """Ticks of several files in time order; equal times keep the order of the files."""
    return heapq.merge(*files, key=lambda tick: tick.ts)


def in_order(files: Iterable[PriceFile]) -> Iterator[Tick]:
    """Ticks of several files of one symbol, one file after the other."""
    last = -1
    for file in files:
        for tick in file.ticks():
            if tick.ts < last:
                raise DataError(f"{file.path} begins before the file given ahead of it ends")
            last = tick.ts
            yield tick


def _index(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def time_scale(text: str) -> int:
    """Nanoseconds in one unit of a time column, by the number's size; −1 for dates in words."""
    if not _is_number(text):
        return -1
    digits = len(text.partition(".")[0])
    if digits <= 11:
        return 1_000_000_000
    if digits <= 14:
        return NS_PER_MS
    return 1_000 if digits <= 17 else 1


def nanoseconds(text: str, scale: int) -> int:
    """A time in ns, by the scale of its column."""
    if scale > 0:
        return int(text) * scale if "." not in text else int(Decimal(text) * scale)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000


def _aggressor(text: str) -> Side | None:
    word = text.strip().lower()
    if word in _BUYS:
        return Side.BUY
    return Side.SELL if word in _SELLS else None
