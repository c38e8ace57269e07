"""Backtests as users run them: a config file, price files, the command, its JSON and its tables."""

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "shared" / "data"
CANDLES = sorted(DATA.glob("ohlcv_1m_*/*.csv.gz"))
FUNDING = DATA / "funding_2025"
DAY = 1_440
"""Candles of a day."""


def first_candles(path: Path, count: int, into: Path) -> Path:
    """The first candles of a recorded file, as a file of their own."""
    cut = into / path.name.removesuffix(".gz")
    with gzip.open(path, "rt", newline="") as source, cut.open("w", newline="") as target:
        csv.writer(target).writerows(islice(csv.reader(source), count + 1))
    return cut


def run_backtest(
    config: str,
    data: Mapping[str, Path],
    folder: Path,
    funding: Mapping[str, Path] | None = None,
) -> tuple[dict[str, Any], Path]:
    """Run the command; returns its JSON document and the folder of the tables."""
    file = folder / "backtest.toml"
    file.write_text(config)
    command = [sys.executable, "-m", "nimbus_tui", "backtest", str(file), "--json"]
    command += ["--export", str(folder / "tables")]
    for symbol, path in data.items():
        command += ["--data", f"{symbol}={path}"]
    for symbol, path in (funding or {}).items():
        command += ["--funding", f"{symbol}={path}"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=os.environ | {"NIMBUS_HOME": str(folder / "home")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "tables"
