"""Recorded funding rates: `ts_ms,rate` in CSV, plain or gzipped, in time order."""

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from nimbus_tui.core.errors import DataError
from nimbus_tui.core.market import FundingRate
from nimbus_tui.simulation.price_files import TIME_NAMES, nanoseconds, time_scale

RATE_NAMES = ("rate", "funding_rate", "fundingrate")
_LARGEST_RATE = Decimal("0.1")


def funding_rates(path: Path) -> tuple[FundingRate, ...]:
    """Every funding time of a file with its rate, a share of the notional.

    Raises:
        DataError: the file or a row of it can't be used; with the row's number.
    """
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.suffix == ".gz"
            else (path.open(encoding="utf-8-sig", newline="")) as text
        ):
            rates = tuple(_rates(csv.reader(text), path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file") from error
    except EOFError as error:
        raise DataError(f"{path} ends in the middle: the gzip file is cut off") from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error
    if not rates:
        raise DataError(f"{path} holds no funding rates")
    return rates


def _rates(rows: Iterator[list[str]], path: Path) -> Iterator[FundingRate]:
    columns = None
    scale = last = -1
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        if columns is None:
            columns = _columns(row, path)
            continue
        try:
            time, rate = row[columns[0]], Decimal(row[columns[1]])
            scale = time_scale(time) if last < 0 else scale
            ts = nanoseconds(time, scale)
            usual = abs(rate) < _LARGEST_RATE
        except (IndexError, ValueError, InvalidOperation) as error:
            raise DataError(
                f"{path}, row {number}: not a time and a rate: {','.join(row)[:80]}"
            ) from error
        if not usual:
            raise DataError(
                f"{path}, row {number}: the rate {rate} is no share of the notional: "
                "0.01 % is 0.0001"
            )
        if ts <= last:
            raise DataError(f"{path}, row {number}: the time is not after that of the row above")
        last = ts
        yield FundingRate(ts, rate)


def _columns(row: list[str], path: Path) -> tuple[int, int]:
    """Where time and rate stand, by the header."""
    names = [name.strip().lower() for name in row]
    found = [
        next((names.index(name) for name in known if name in names), None)
        for known in (TIME_NAMES, RATE_NAMES)
    ]
    time, rate = found
    if time is None or rate is None:
        raise DataError(
            f"{path}, row 1: the header {','.join(row)[:80]!r} isn't known. Known are time: "
            f"{' '.join(TIME_NAMES)}; rate: {' '.join(RATE_NAMES)}"
        )
    return time, rate
