"""Risk on the command line, against whole engines in processes of their own."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nimbus_tui.cli.risk_commands import _until_verified
from nimbus_tui.control.commands import EmergencyShutdown
from nimbus_tui.core.order import RefusalKind, Refused
from nimbus_tui.engine.local_client import LocalClient
from tests.cli.test_run_commands import CONFIG, Home
from tests.engine.faults import CrashWorld

LIMITED = CONFIG + "risk = { stop_loss = 10, take_profit = 20 }\n"
ROW = ["scope", "level", "rule", "measured", "limit", "usage", "step"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.config.write_text(LIMITED)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def typed(home: Home, words: str, *arguments: str) -> tuple[int, str, str]:
    """A command with something typed to it."""
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui", *arguments],
        env=home.environment, input=words, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def state(home: Home) -> str:
    code, out, _ = home.call("bots", "--json")
    assert code == 0
    return str(json.loads(out)[0]["state"])


def until_orders_rest(home: Home) -> None:
    for _ in range(60):
        if len(json.loads(home.call("orders", "--json")[1])) >= 6:
            return
    raise AssertionError("no grid rests")


def until_it_holds_something(home: Home) -> None:
    for _ in range(60):
        if json.loads(home.call("fills", "--json")[1]):
            return
    raise AssertionError("nothing has filled")


def test_the_readings_are_a_table_for_people_and_rows_for_scripts(home: Home) -> None:
    home.engine()
    until_it_holds_something(home)
    code, out, said = home.call("risk", "--json")
    rows = json.loads(out)
    assert (code, said) == (0, "")
    assert all(list(row) == ROW for row in rows)
    assert {row["scope"] for row in rows} == {"engine", "account sim", "eth"}
    assert len({row["rule"] for row in rows}) == len(rows) == 16
    limits = {row["rule"]: row["limit"] for row in rows}
    assert [float(limits[rule]) for rule in ("stop_loss", "take_profit")] == [10, 20]
    assert limits["drawdown"] is None
    for row in rows:
        assert row["step"] in ("normal", "warning")
        assert row["measured"] is None or isinstance(row["measured"], str)
    limits = {row["rule"]: row["limit"] for row in rows}
    assert (limits["stop_loss"], limits["order_rate"]) == ("10", "120")
    assert limits["drawdown"] is None
    home.call("pause", "eth")
    code, out, said = home.call("risk")
    assert code == 0
    assert out.split()[: len(ROW)] == ROW
    assert "eth: paused by the operator" in said


def test_an_emergency_asks_for_its_word_says_what_it_does_and_when_it_is_over(home: Home) -> None:
    home.engine()
    for wrong in ("", "yes\n", "emergency\n"):
        code, out, said = typed(home, wrong, "emergency")
        assert (code, out) == (2, "")
        assert "every bot stops; " in said
        assert "nothing was done" in said
        assert state(home) == "running"
    code, out, said = typed(home, "EMERGENCY\n", "emergency")
    assert (code, out) == (0, "")
    assert "verified: no order of ours is left (operator)" in said
    assert "latched already" in typed(home, "", "emergency", "--yes")[2]
    assert home.call("orders", "--json")[1].strip() == "[]"
    code, _, said = home.call("risk")
    assert "engine: emergency: operator" in said
    assert "verified" in said


def test_a_rearm_asks_for_its_word_and_is_refused_without_an_emergency(home: Home) -> None:
    home.engine()
    code, _, said = typed(home, "REARM\n", "rearm")
    assert (code, said) == (1, "there is no emergency to rearm from\n")
    assert home.call("emergency", "--yes")[0] == 0
    assert typed(home, "no\n", "rearm")[0] == 2
    assert home.call("start", "eth")[0] == 1
    code, _, said = typed(home, "REARM\n", "rearm")
    assert code == 0
    assert "every bot stays stopped" in said
    assert state(home) == "stopped"
    assert home.call("start", "eth")[0] == 0


def test_flatten_says_what_will_happen_and_asks(home: Home) -> None:
    home.engine()
    until_it_holds_something(home)
    code, _, said = typed(home, "no\n", "flatten", "eth")
    assert code == 2
    assert said.startswith("eth: ")
    assert "cancelled" in said
    assert state(home) == "running"
    code, _, said = typed(home, "FLATTEN\n", "flatten", "eth")
    assert code == 0
    assert "its position is being closed" in said
    code, _, said = typed(home, "", "flatten", "nobody", "--yes")
    assert (code, said) == (1, "there is no bot 'nobody'; there are: eth\n")


def test_stop_says_what_becomes_of_orders_and_position(home: Home) -> None:
    home.engine()
    code, _, said = home.call("stop", "eth")
    assert code == 0
    assert "cancelled; " in said
    assert "is kept" in said or "no position" in said
    code, _, said = home.call("stop", "eth")
    assert (code, said) == (1, "eth: is stopped already\n")


def test_a_drawdown_is_reset_by_a_typed_word_and_written_down(home: Home) -> None:
    home.engine()
    code, _, said = home.call("risk", "reset", "eth", "weather")
    assert (code, said) == (2, "'weather' can't be reset; allowed: drawdown\n")
    assert typed(home, "no\n", "risk", "reset", "eth", "drawdown")[0] == 2
    code, _, said = typed(home, "RESET\n", "risk", "reset", "eth", "drawdown")
    assert code == 0
    assert "drawdown is measured from" in said
    events = [json.loads(line) for line in home.call("events", "--json")[1].splitlines()]
    (told,) = [e for e in events if "reset by the operator" in e.get("message", "")]
    assert told["bot_id"] == "eth"


@pytest.mark.parametrize(
    "command",
    [
        ("rearm", "--yes"), ("flatten", "eth", "--yes"),
        ("stop", "eth"), ("risk", "reset", "eth", "drawdown", "--yes"), ("emergency", "--yes"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_without_an_engine_it_is_said_in_one_line(home: Home, command: tuple[str, ...]) -> None:
    code, out, said = home.call(*command)
    assert (code, out) == (2, "")
    assert said == "there is no engine yet; start one with `nimbus-tui run CONFIG`\n"
    engine = home.engine()
    until_orders_rest(home)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    code, out, said = home.call(*command)
    assert (code, out) == (1, "")
    (line,) = said.splitlines()
    assert line.startswith("nimbus-tui: the engine 'here' does not run; start it with")
    assert ("orders may still rest" in line) is (command[0] == "emergency")


def test_an_emergency_goes_ahead_although_what_it_does_can_not_be_said(home: Home) -> None:
    broken = home.config.with_name("broken.py")
    broken.write_text(
        "from nimbus_tui.engine import consequences, local_client\n"
        "def consequence(*_): raise RuntimeError('a bug')\n"
        "local_client.consequence = consequence\n"
        "from nimbus_tui.cli.main import main\n"
        "main()\n"
    )
    engine = subprocess.Popen(
        [sys.executable, str(broken), "run", str(home.config)],
        env=home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    home.processes.append(engine)
    assert engine.stderr is not None
    assert any("nimbus-tui runs" in line for line in engine.stderr)
    code, _, said = typed(home, "EMERGENCY\n", "emergency")
    assert code == 0
    assert "can't be said: the engine failed: RuntimeError: a bug" in said
    assert "verified" in said


async def test_what_is_left_is_said_when_it_changes_until_the_time_is_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = await CrashWorld().start("2400")
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(EmergencyShutdown())
    client = LocalClient(world.engine)
    for _ in range(3):
        await world.tick("2400")
        for _ in range(20):
            await asyncio.sleep(0)
    assert not await _until_verified(client, 0.0)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 6
    assert all(line.startswith("still there: sim: nb") for line in said)
    world.exchange.refuse_cancel = None
    for _ in range(5):
        for _ in range(20):
            await asyncio.sleep(0)
        await world.tick("2400")
    assert await _until_verified(client, None)
    assert capsys.readouterr().err == "verified: no order of ours is left (operator)\n"


def test_the_risk_of_an_engine_that_is_gone_is_told_from_its_journal(home: Home) -> None:
    for command in (("risk",), ("risk", "--json")):
        assert home.call(*command)[0] == 2
    engine = home.engine()
    until_orders_rest(home)
    rows = json.loads(home.call("risk", "--json")[1])
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    code, out, said = home.call("risk", "--json")
    assert code == 0
    assert "the engine 'here' does not run" in said
    assert "this is how it stood at 20" in said
    kept = json.loads(out)
    assert {row["rule"] for row in kept} <= {row["rule"] for row in rows}
    assert {row["scope"] for row in kept} >= {"engine"}
    assert home.call("risk")[0] == 0
