"""`kill -9` at random moments, ten times: nothing is lost and nothing is doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec

from nimbus_tui.engine.standing import Saved
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.reader import JournalReader
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.journal.verify import verify

CONFIG = """\
[engine]
name = "killed"
[exchanges.sim]
type = "paper"
funding_files = { "BTC/USDC:USDC" = "rates.csv" }
[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.06
levels = 4
quote_size = 100
[bots.btc]
strategy = "grid"
exchange = "sim"
symbol = "BTC/USDC:USDC"
spacing = 0.05
levels = 4
quote_size = 100
"""


def run(config: Path, home: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "nimbus_tui", "run", str(config), *more]
    with (home / "said").open("wb") as said:
        return subprocess.Popen(command, env=os.environ | {"NIMBUS_HOME": str(home)}, stderr=said)


def is_up(home: Path) -> bool:
    """Whether the engine has said that it runs."""
    return b"runs" in (home / "said").read_bytes()


def test_killed_ten_times_every_fill_counts_once(tmp_path: Path) -> None:
    config = tmp_path / "killed.toml"
    config.write_text(CONFIG)
    begun_ms = time.time_ns() // 1_000_000
    times = range(begun_ms, begun_ms + 600_000, 50)
    (tmp_path / "rates.csv").write_text(
        "ts_ms,rate\n" + "".join(f"{ts},0.0000{ts % 7 + 1}\n" for ts in times)
    )
    chance = random.Random(5)
    for number in range(10):
        process = run(config, tmp_path)
        if number % 4 == 3:
            time.sleep(chance.uniform(0.2, 0.9))
        else:
            while not is_up(tmp_path):
                assert process.poll() is None
                time.sleep(0.02)
            time.sleep(chance.uniform(0.8, 2.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL
    last = run(config, tmp_path, "--duration", "4")
    assert last.wait() == 0, (tmp_path / "said").read_text()

    with JournalReader.open(tmp_path / "killed" / "journal.db") as reader:
        assert verify(reader) == []
    journal = SqliteJournal.read(tmp_path / "killed" / "journal.db")
    venue = PaperStore(tmp_path / "killed" / "paper-sim.db")
    at_venue = [fill for _, fill in venue.fills_after(0, 100_000)]
    absorbed = journal.fills()
    assert len(absorbed) > 20
    assert sorted(f.trade_id for f in at_venue) == sorted(f.trade_id for f in absorbed)
    payments = [payment for _, payment in venue.payments_after(0, 100_000)]
    assert len(payments) > 20
    assert [p.funding_id for p in payments] == [p.funding_id for p in journal.funding()]
    assert not journal.events(types=["error"])
    filled: Counter[tuple[str, str]] = Counter()
    for fill in absorbed:
        filled[str(fill.bot_id), str(fill.key)] += fill.quantity  # type: ignore[assignment]
    quantities = {(o.bot_id, o.key): o.quantity for o in journal.orders(limit=-1)}
    assert all(quantities[key] >= total for key, total in filled.items())
    for record in journal.bots():
        books = msgspec.json.decode(record.books or b"", type=Saved).books
        own = [f for f in absorbed if f.bot_id == record.bot_id]
        held = sum((f.signed_quantity for f in own), Decimal(0))
        assert held == books.position(record.symbols[0]).quantity
        paid = [p.amount for p in journal.funding(bot_id=record.bot_id)]
        assert sum(paid) == books.funding
        assert bool(paid) == (record.bot_id == "btc")
    live = Counter((o.bot_id, o.key) for o in journal.live_orders())
    assert max(live.values()) == 1
    seqs = [event.seq for event in journal.events(limit=1_000_000)]
    assert seqs == list(range(1, len(seqs) + 1))
