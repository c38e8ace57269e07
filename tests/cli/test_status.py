"""What `status --json` says."""

import json
from decimal import Decimal

import pytest

from nimbus_tui.cli.query_commands import status_document
from nimbus_tui.control.snapshots import EngineSnapshot, ExchangeSnapshot, Mode


@pytest.mark.parametrize("offset", [None, 0.0, -12.5])
def test_status_has_the_documented_shape_and_the_clocks_real_offset(offset: float | None) -> None:
    snapshot = EngineSnapshot(
        name="demo",
        version="1",
        state="running",
        risk="normal",
        mode=Mode.PAPER,
        equity=Decimal(5),
        exposure=None,
        currency="USDC",
        started_ns=1_000_000_000,
        now_ns=3_500_000_000,
        seq=1,
        clock_offset_ms=offset,
        exchanges=(
            ExchangeSnapshot(
                name="hl",
                type="hyperliquid",
                link="connected",
                ping_ms=30.0,
                data_age_ms=100.0,
                reconnects=2,
                rate_used=0.25,
            ),
        ),
    )
    document = status_document(snapshot, 3)
    assert document == {
        "name": "demo",
        "version": "1",
        "uptime": 2.5,
        "clock_offset_ms": offset,
        "engine": {
            "state": "running",
            "mode": Mode.PAPER,
            "risk": "normal",
            "bots": 3,
            "equity": Decimal(5),
        },
        "exchanges": {
            "hl": {
                "connected": True,
                "ping_ms": 30.0,
                "data_age_ms": 100.0,
                "reconnects": 2,
                "rate_used": 0.25,
            }
        },
    }
    assert json.loads(json.dumps(document, default=str))["clock_offset_ms"] == offset
