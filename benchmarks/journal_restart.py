"""How much longer, and with how much more memory, an engine starts on a long history.

    python benchmarks/journal_restart.py            # 10,000 against 1,000,000 events
    python benchmarks/journal_restart.py 2000 200000

Both journals hold the same bot with the same 200 live orders; the longer one has more of what is
over: events, and for every five events an order, for every ten a fill, for every fifty a point of
the equity curve. Each start runs in a process of its own.
"""

import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.engine.clock import LiveClock

LIVE_ORDERS = 200
STARTS = 5
CONFIG = """\
[engine]
name = "bench"
[exchanges.sim]
type = "paper"
market = "replay"
files = { "ETH/USDC:USDC" = "prices.csv" }
[bots.grid]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.1
levels = 100
quote_size = 20
risk = { order_rate = 1_000 }
"""


class Start(NamedTuple):
    """What the fastest of some starts took."""

    seconds: float
    peak_mb: float


def build(folder: Path, events: int) -> None:
    """A journal with so many events and the live orders, and the paper venue that belongs to it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.toml").write_text(CONFIG)
    far = LiveClock().now() // 1_000_000 + 86_400_000
    (folder / "prices.csv").write_text(
        f"timestamp_ms,price,size\n{far},2400,0\n{far + 1},2400,0\n{far + 86_400_000},2400,0\n"
    )
    asyncio.run(_trade(folder))
    _lengthen(folder / "journal.db", events)


async def _trade(folder: Path) -> None:
    engine = live_engine(load_config(folder / "bench.toml"), scratch=folder)
    await engine.start()
    live = engine.bots["grid"].keeper.live
    while sum(order.state.value == "open" for order in live.values()) < LIVE_ORDERS:
        engine.process()
        await asyncio.sleep(0)  # noqa: TID251 - a benchmark runs in real time
    await engine.stop()


def _lengthen(path: Path, events: int) -> None:
    connection = sqlite3.connect(path)
    last = connection.execute("SELECT max(seq) FROM events").fetchone()[0]
    body = connection.execute("SELECT body FROM events WHERE type = 'orderPlaced'").fetchone()[0]
    order = connection.execute("SELECT body FROM orders").fetchone()[0]
    numbers = range(last + 1, events + 1)
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, 'grid', 'orderPlaced', ?)",
        ((n, n, body.replace(b'"seq":', b'"seq":%d,"_":' % n, 1)) for n in numbers),
    )
    connection.executemany(
        "INSERT INTO orders VALUES (?, 'grid', ?, 0, 'cancelled', 0, ?, ?)",
        ((f"old{n}", f"old/{n}", n, order) for n in range(events // 5)),
    )
    connection.executemany(
        "INSERT INTO fills (exchange, trade_id, bot_id, ts, body) VALUES ('sim', ?, 'grid', ?, ?)",
        ((f"old{n}", n, b"{}") for n in range(events // 10)),
    )
    connection.executemany(
        "INSERT INTO equity VALUES ('grid', ?, '10000.25')", ((n,) for n in range(events // 50))
    )
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def measured(folder: Path, starts: int = STARTS) -> Start:
    """The fastest of some starts, each in a process of its own."""
    runs = []
    for _ in range(starts):
        command = [sys.executable, __file__, "--start", str(folder)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        runs.append(Start(**json.loads(done.stdout)))
    return Start(min(run.seconds for run in runs), min(run.peak_mb for run in runs))


async def _start(folder: Path) -> Start:
    config = load_config(folder / "bench.toml")
    begun = time.perf_counter()
    engine = live_engine(config, scratch=folder)
    await engine.start()
    seconds = time.perf_counter() - begun
    live = len(engine.bots["grid"].keeper.live)
    if live != LIVE_ORDERS or engine.state != "running":
        raise SystemExit(f"{live} live orders, {engine.state}")
    await engine.stop()
    return Start(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def compare(short: int, long: int, folder: Path, starts: int = STARTS) -> tuple[Start, Start]:
    """The starts on a short and on a long history."""
    found = []
    for events in (short, long):
        build(folder / str(events), events)
        found.append(measured(folder / str(events), starts))
    return found[0], found[1]


def main(arguments: list[str]) -> None:
    """Print both starts and their ratios."""
    if arguments[:1] == ["--start"]:
        print(json.dumps(asyncio.run(_start(Path(arguments[1])))._asdict()))
        return
    short, long = (int(number) for number in arguments) if arguments else (10_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        one, other = compare(short, long, Path(folder))
        for events, start in ((short, one), (long, other)):
            size = (Path(folder) / str(events) / "journal.db").stat().st_size / 1e6
            took = f"start {start.seconds * 1000:7.1f} ms, peak {start.peak_mb:6.1f} MB"
            print(f"{events:>9,} events, {size:8.1f} MB: {took}")
    print(f"ratio: start {other.seconds / one.seconds:.2f}, peak {other.peak_mb / one.peak_mb:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
