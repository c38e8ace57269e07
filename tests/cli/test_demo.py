"""The demo's bots, without a screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped
from tests.cli.test_config_commands import ended

KINDS = {
    "grid": "eth-grid",
    "dca": "btc-dca",
    "martingale": "sol-martingale",
    "portfolio": "basket",
}


def test_all_four_kinds_trade_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = shipped("sample_configs") / "demo.toml"
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    command = [sys.executable, "-m", "nimbus_tui", "run", str(demo), "--duration", "3"]
    ran = subprocess.run(command, env=os.environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ended(monkeypatch, "bots", "--json") == 0
    bots = json.loads(capsys.readouterr().out)
    assert {bot["strategy"]: bot["bot_id"] for bot in bots} == KINDS
    assert ended(monkeypatch, "fills", "--json") == 0
    fills = json.loads(capsys.readouterr().out)
    assert {fill["bot_id"] for fill in fills} == set(KINDS.values())
    assert ended(monkeypatch, "events", "--json") == 0
    told = {json.loads(line)["type"] for line in capsys.readouterr().out.splitlines()}
    assert told.isdisjoint({"error", "warning"})
