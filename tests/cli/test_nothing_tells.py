"""A run whose strategy shouts keys about: nothing that it writes, shows or answers has one."""

import asyncio
import base64
import html
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import ScreenOptions
from tests.cli.leaky_strategy import LEAKY
from tests.installed import install
from tests.tui.opened import settled
from tests.tui.waiting import until

KEPT = "correct-horse-battery-staple"
UNKNOWN = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
FORMS = (
    KEPT,
    KEPT.upper(),
    UNKNOWN[2:],
    base64.b64encode(b"user:" + KEPT.encode()).decode()[8:-4],
)

CONFIG = """\
[engine]
name = "leaky"
[exchanges.sim]
type = "paper"
[bots.leaky]
strategy = "leaky"
exchange = "sim"
symbol = "ETH/USDC:USDC"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    install(tmp_path / "site", "leaky-bots", LEAKY, {"leaky": "LeakyStrategy"})
    (tmp_path / "keys").write_text(f"{KEPT}\n{UNKNOWN}\n")
    (tmp_path / "leaky.toml").write_text(CONFIG)
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    return os.environ | {
        "NIMBUS_HOME": str(tmp_path / "home"),
        "PYTHONPATH": path,
        "LEAKY_KEYS": str(tmp_path / "keys"),
        "PYTHONFAULTHANDLER": "1",
    }


def command(*arguments: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "nimbus_tui", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def leaks(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


async def screenshots(home: Path) -> str:
    """The text of the screens while the strategy shouts."""
    client = await UnixSocketClient.connect(str(home / "run" / "leaky.sock"))
    app = NimbusApp(client, ScreenOptions(title="leaky", theme_folders=(shipped("themes"),)))
    told = ""
    async with app.run_test(size=(200, 60)) as pilot:
        await until(lambda: app.feed.answers > 0)
        for key in ("enter", "escape", "2"):
            await pilot.press(key)
            await settled(app, pilot)
            # Pictures have no-break spaces in place of spaces.
            told += html.unescape(app.export_screenshot()).replace("\xa0", " ")
    await client.close()
    return told


def test_a_run_writes_shows_and_answers_no_key(tmp_path: Path, environment: dict[str, str]) -> None:
    config = str(tmp_path / "leaky.toml")
    run = command("run", config, "--duration", "30", environment=environment)
    assert run.stderr is not None
    said = ""
    for line in run.stderr:
        said += line
        if "can't sign with" in line:
            break
    answers = ""
    for words in (("bots", "--json"), ("events", "--json"), ("status", "--json"), ("risk",)):
        out, err = command(*words, environment=environment).communicate(timeout=30)
        answers += out + err
    shown = asyncio.run(screenshots(Path(environment["NIMBUS_HOME"])))
    assert "[redacted]" in shown
    assert leaks(shown) == []
    run.send_signal(signal.SIGABRT)  # faulthandler's own words, and no orderly end
    said += run.communicate(timeout=30)[1]
    for word in ("print [", "logged [", "warned [", "failed beside it with ["):
        assert f"{word}redacted]" in said
    assert "can't sign with [redacted] nor [redacted] nor " in answers
    assert "signs with" in answers
    assert "Fatal Python error: Aborted" in said
    assert leaks(said + answers) == []

    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    kept = {path.name: path.read_bytes().decode("utf-8", "replace") for path in files}
    assert {"journal.db", "events.jsonl"} <= set(kept)
    assert "can't sign with [redacted]" in kept["events.jsonl"]
    assert any("can't sign with [redacted]" in text for name, text in kept.items() if "db" in name)
    assert {name: found for name, text in kept.items() if (found := leaks(text))} == {}


def test_a_bug_in_a_command_tells_no_key(tmp_path: Path, environment: dict[str, str]) -> None:
    """The traceback of last resort, after Typer's own hook."""
    code = f"""
import sys
from nimbus_tui.cli import main
from nimbus_tui.core.secret import Secret

@main.app.command("fail")
def fail() -> None:
    key = Secret(open({str(tmp_path / "keys")!r}).read().split()[0])
    raise RuntimeError("it fails with " + key.reveal())

sys.argv = ["nimbus-tui", "fail"]
main.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "RuntimeError: it fails with [redacted]" in done.stderr
    assert "Traceback" in done.stderr
    assert leaks(done.stderr + done.stdout) == []
