"""The engine's events as logs: complete in the file, readable on the console, never in the way."""

import json
import os
import queue
import subprocess
import sys
from pathlib import Path

from nimbus_tui.cli.event_log import FILE_NAME, EventLog, event_log
from nimbus_tui.core.events import Disconnected, Info, PriceUpdate, Warning

CONFIG = """\
[engine]
name = "logged"
[exchanges.sim]
type = "paper"
market = "replay"
speed = 1000
files = { "ETH/USDC" = "broken.csv" }
[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""


def test_every_event_but_prices_is_a_json_line_in_the_file(tmp_path: Path) -> None:
    with event_log(tmp_path / "logs", console=False) as log:
        log.put(Warning(seq=1, ts=5, message="look"))
        log.put(PriceUpdate(seq=2, ts=6, symbol="ETH/USDC", price=1))
        log.put(Disconnected(seq=3, ts=7, exchange="sim", reason="gone"))
    lines = (tmp_path / "logs" / FILE_NAME).read_text().splitlines()
    assert [(json.loads(line)["type"], json.loads(line)["seq"]) for line in lines] == [
        ("warning", 1),
        ("disconnected", 3),
    ]


def test_a_log_that_is_behind_drops_and_counts_instead_of_waiting() -> None:
    log = EventLog(queue.Queue(2))
    for number in range(5):
        log.put(Info(seq=number, message="again"))
    assert log.dropped == 3


def test_a_replay_that_breaks_says_the_row_on_the_console_and_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_text("timestamp_ms,price,size\n1,2400,1\n2,abc,1\n3,2401,1\n")
    config = tmp_path / "logged.toml"
    config.write_text(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui", "run", str(config), "--duration", "2"],
        env=os.environ | {"NIMBUS_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    told = f"{tmp_path / 'broken.csv'}, row 3: a field is not a number: 2,abc,1"
    assert f"sim disconnected: {told}" in done.stderr
    log = tmp_path / "home" / "logged" / "logs" / FILE_NAME
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["reason"] for event in logged if event["type"] == "disconnected"] == [told]


def test_a_reader_that_has_stopped_reading_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nimbus_tui.cli.event_log import event_log\n"
        "from nimbus_tui.core.events import Info\n"
        f"with event_log(Path({str(tmp_path)!r}), console=True) as log:\n"
        "    for n in range(5000): log.put(Info(seq=n, message='x' * 100))\n"
        "print('over', flush=True)\n"
        "import os; os._exit(0)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "over\n"
    child.kill()
    child.communicate()
