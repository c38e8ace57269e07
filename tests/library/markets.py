"""Made-up prices and configs for the library's tests."""

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from nimbus_tui import Symbol, Tick

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
ETH = Symbol("ETH/USDC")

GRID = """\
[exchanges.sim]
type = "paper"
balances = { USDC = 10_000 }

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""


def wave(count: int = 400, symbol: Symbol = ETH) -> Iterator[Tick]:
    """A price that goes to and fro around 2400 by 30, one tick a minute."""
    for n in range(count):
        price = Decimal(str(round(2400 + 30 * math.sin(n / 7), 2)))
        yield Tick(START + n * 60 * SECOND, symbol, price, Decimal(1))


def csv(path: Path, count: int = 400) -> Path:
    """The wave as a file of trades."""
    rows = [f"{tick.ts // 1_000_000},{tick.price},{tick.size}" for tick in wave(count)]
    path.write_text("timestamp_ms,price,size\n" + "\n".join(rows) + "\n")
    return path
