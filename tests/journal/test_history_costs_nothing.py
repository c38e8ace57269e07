"""An engine starts as fast and as small on a long history as on a short one."""

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.journal_restart import build, compare
from nimbus_tui.bootstrap import live_engine, load_config

MOST = 1.5
ROUNDS = 3
"""How often a noisy machine is given another chance to be measured in peace."""


def test_a_hundred_times_the_history_costs_no_time_and_no_memory(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        short, long = compare(2_000, 200_000, tmp_path / str(number), starts=4)
        times, sizes = long.seconds / short.seconds, long.peak_mb / short.peak_mb
        if times <= MOST and sizes <= MOST:
            return
    raise AssertionError(f"time {times:.2f}, memory {sizes:.2f}")


def test_no_question_of_a_start_walks_through_a_table_that_grows(tmp_path: Path) -> None:
    build(tmp_path, 2_000)

    async def asked() -> set[str]:
        engine = live_engine(load_config(tmp_path / "bench.toml"), scratch=tmp_path)
        statements: set[str] = set()
        engine.journal._connection.set_trace_callback(statements.add)  # type: ignore[attr-defined]
        await engine.start()
        await engine.stop()
        return {text for text in statements if text.startswith("SELECT")}

    statements = asyncio.run(asked())
    connection = sqlite3.connect(tmp_path / "journal.db")
    plans = {
        text: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        for text in statements
    }
    connection.close()
    walks = {
        text: steps
        for text, steps in plans.items()
        if any(step.startswith("SCAN") and "bots" not in step for step in steps)
        and "LIMIT" not in text
    }
    assert len(plans) >= 5
    assert walks == {}
