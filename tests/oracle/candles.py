"""Recorded files as (ts in ns, price) ticks: trades as they stand, each candle as four ticks."""

import csv
import gzip
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

Tick = tuple[int, Decimal]

NS_PER_MS = 1_000_000


def read_ticks(path: Path) -> list[Tick]:
    """All ticks of a trades file (`trade_ms`, `price`) or a candles file (`ts_ms`, OHLC)."""
    with (
        gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as text
    ):
        rows = list(csv.DictReader(text))
    if rows and "open" in rows[0]:
        return list(candle_ticks(rows))
    return [(int(row["trade_ms"]) * NS_PER_MS, Decimal(row["price"])) for row in rows]


def candle_ticks(rows: list[dict[str, str]]) -> Iterator[Tick]:
    """Open, the two extremes, close; the low comes first in a candle that closed up.

    They stand at the candle's start, a quarter and a half into it, and 1 ms before its end. Its
    length is the smallest distance between two starts.
    """
    starts = [int(row["ts_ms"]) * NS_PER_MS for row in rows]
    length = min(later - earlier for earlier, later in itertools.pairwise(starts))
    for start, row in zip(starts, rows, strict=True):
        opened, high, low, closed = (
            Decimal(row[name]) for name in ("open", "high", "low", "close")
        )
        first, second = (low, high) if closed > opened else (high, low)
        yield start, opened
        yield start + length // 4, first
        yield start + length // 2, second
        yield start + length - NS_PER_MS, closed
