"""A journal in a file, written by a real engine on the paper exchange."""

import sqlite3
from decimal import Decimal
from pathlib import Path

from nimbus_tui.journal.sqlite import SqliteJournal
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

PRICES = ("2400", "2388", "2376", "2388", "2400", "2412", "2424", "2400", "2380", "2440", "2500")


async def traded(path: Path, symbol: str = "ETH/USDC:USDC", **grid: object) -> CrashWorld:
    """Write a history with fills, cancels, a restart and a recentre; the engine is stopped."""
    world = CrashWorld(instrument(symbol), journal=SqliteJournal.open(path), **grid)
    await world.start(*PRICES)
    await world.engine.stop()
    again = world.reborn(journal=SqliteJournal.open(path))
    await again.start(*PRICES)
    await again.engine.stop()
    return again


def change(path: Path, sql: str, *values: object) -> None:
    """Plant a change, as no engine would make it."""
    connection = sqlite3.connect(path)
    changed = connection.execute(sql, values).rowcount
    connection.commit()
    connection.close()
    assert changed, sql


def value(path: Path, sql: str) -> object:
    """One value out of the file."""
    connection = sqlite3.connect(path)
    found = connection.execute(sql).fetchone()[0]
    connection.close()
    return found


def holdings(symbol: str) -> dict[str, Decimal]:
    """Balances of a spot account that holds both assets."""
    base, quote = symbol.split("/")
    return {base: Decimal(5), quote: Decimal(10_000)}
