"""What was recorded of the venue, beside this repository; tests skip where it is absent."""

import gzip
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[4] / "shared" / "data"
STREAM = DATA / "ws" / "hyperliquid_BTC_20250126.jsonl.gz"
INFO = DATA / "rest" / "hyperliquid_info.jsonl.gz"
ABSENT = "the recordings are not on this machine"


def rows(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def frames() -> list[bytes]:
    """Every recorded frame of the stream."""
    return [json.dumps(row["msg"]).encode() for row in rows(STREAM) if "msg" in row]


def replies() -> list[tuple[str, bytes]]:
    """Every recorded info reply, with the type of its request."""
    return [(row["request"]["type"], json.dumps(row["response"]).encode()) for row in rows(INFO)]
