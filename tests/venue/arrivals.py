"""The venue server's own record: every order request as it arrived, and every fault.

The paper exchange makes one order of the same request twice; not every venue does. Here it is seen.
"""

import sqlite3
from collections import Counter
from pathlib import Path

from nimbus_tui.core.order import OrderRequest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrivals (client_order_id TEXT, knew_it INTEGER);
CREATE TABLE IF NOT EXISTS faults (kind TEXT);
"""


class Arrivals:
    """One file; each line is written before the venue acts."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    def arrived(self, request: OrderRequest, *, knew_it: bool) -> None:
        """An order request is here; the venue has an order under its id already, or not."""
        self._connection.execute(
            "INSERT INTO arrivals VALUES (?, ?)", (request.client_order_id, knew_it)
        )

    def went_wrong(self, kind: str) -> None:
        """A fault happened."""
        self._connection.execute("INSERT INTO faults VALUES (?)", (kind,))

    def total(self) -> int:
        """How many order requests have arrived."""
        return int(self._connection.execute("SELECT count(*) FROM arrivals").fetchone()[0])

    def repeated(self) -> list[str]:
        """Client ids that were sent again although the venue had an order under them."""
        rows = self._connection.execute("SELECT client_order_id FROM arrivals WHERE knew_it")
        return [identity for (identity,) in rows]

    def faults(self) -> Counter[str]:
        """How often each fault happened."""
        rows = self._connection.execute("SELECT kind, count(*) FROM faults GROUP BY kind")
        return Counter(dict(rows))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
