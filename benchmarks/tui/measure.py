"""What the screen costs: start, memory, rest, keys under a flood, slow and stalled terminals.

    python benchmarks/tui/measure.py                # everything, some five minutes
    python benchmarks/tui/measure.py start flood    # some parts: start memory rest flood slow stall
    NIMBUS_PEERS=/tmp/peers python benchmarks/tui/measure.py start memory

Each figure comes from a real pseudo-terminal of 120 × 40. Beside ours run a minimal Textual app and
those of Toolong, Harlequin, Dolphie and Posting that have a virtual environment of their name in
the folder NIMBUS_PEERS. Posting needs `tree-sitter<0.26` there: with 0.26 it dies with SIGSEGV at
its start. Trust the ratios of one run: the machine drops out of them.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any

from picture import Picture
from terminal import SIZE, Terminal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = sys.executable
OURS = [PYTHON, "-m", "nimbus_tui", "demo"]
STARTS = 5
KEYS = 100
BETWEEN_KEYS_S = 0.1
BOTS = (100, 1_000)
EVENTS = 10_000
SLOW_LINK = 8_000
"""Bytes a second of 64 kbit/s."""
STALL_S = 10.0


def main() -> None:
    """Measure the parts that were asked for."""
    parts: dict[str, Callable[[Path], None]] = {
        "start": start, "memory": memory, "rest": rest, "flood": flood, "slow": slow,
        "stall": stall,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or parts:
            parts[name](Path(folder))


def start(folder: Path) -> None:
    """From the command to the first words, the first screen, and what one came to see.

    In turns, so that a busy moment meets everybody.
    """
    commands = {"minimal Textual app": [PYTHON, str(HERE / "minimal.py")], "nimbus-tui demo": OURS}
    commands |= peers(folder)
    for command in commands.values():
        first_paint(command, "", folder)  # the first start may compile
    times: dict[str, list[Firsts]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            times[name].append(first_paint(command, CONTENTS.get(name, ""), folder))
    for name, seen in times.items():
        words, screen, content = (median(one) for one in zip(*seen, strict=True))
        print(f"first paint  {name:22} words {words:5.2f}  screen {screen:5.2f}"
              f"  content {content:5.2f} s")  # fmt: skip


Firsts = tuple[float, float, float]
CONTENTS = {"minimal Textual app": "minimal", "nimbus-tui demo": "eth-grid", "Toolong": "line"}
"""Words that one waits for: the bots, the lines of the log."""


def first_paint(command: list[str], content: str, folder: Path) -> Firsts:
    terminal = opened(command, folder)
    end = time.monotonic() + 30
    content_at = float("nan")
    while terminal.process.poll() is None and time.monotonic() < end:
        if content and content.encode() in terminal.seen:
            content_at = time.perf_counter() - terminal.begun
        if terminal.words_at and terminal.picture_at and (content_at > 0 or not content):
            break
        time.sleep(0.002)
    terminal.close()
    return terminal.words_at or float("nan"), terminal.picture_at or float("nan"), content_at


def peers(folder: Path) -> dict[str, list[str]]:
    """The programs that are there, each on something small to show."""
    log = folder / "some.log"
    log.write_text("\n".join(f"2026-01-01 00:00:{n % 60:02} line {n}" for n in range(2_000)))
    where = Path(os.environ.get("NIMBUS_PEERS", "/nowhere"))
    known = {
        "Toolong": [str(where / "toolong/bin/tl"), str(log)],
        "Harlequin": [str(where / "harlequin/bin/harlequin")],
        "Dolphie": [str(where / "dolphie/bin/dolphie"), "--tab-setup"],
        "Posting": [str(where / "posting/bin/posting")],
    }
    return {name: command for name, command in known.items() if Path(command[0]).exists()}


def memory(folder: Path) -> None:
    """The demo with its screen, less the same engine without; beside it the others."""
    commands = {
        "nimbus-tui demo": OURS,
        "without a screen": [*OURS, "--headless"],
        "minimal Textual app": [PYTHON, str(HERE / "minimal.py")],
    } | peers(folder)
    terminals = {name: opened(command, folder) for name, command in commands.items()}
    time.sleep(15)
    taken = {name: one.memory_mib() for name, one in terminals.items()}
    for one in terminals.values():
        one.close()
    for name, mib in taken.items():
        print(f"memory       {name:22} {mib:4.0f} MiB")
    share = taken["nimbus-tui demo"] - taken["without a screen"]
    print(f"memory       the screen's share     {share:4.0f} MiB")


def rest(folder: Path) -> None:
    """All bots paused and no countdown in view, for twenty seconds within one minute."""
    terminal = flooded(folder, 100, 0)
    minimal = opened([PYTHON, str(HERE / "minimal.py")], folder)
    time.sleep(5)
    shown, cpu, least = terminal.count, terminal.cpu_s(), minimal.cpu_s()
    time.sleep(20)
    share, least_share = ((terminal.cpu_s() - cpu) / 20, (minimal.cpu_s() - least) / 20)
    print(f"at rest      {share:.2%} CPU (minimal app {least_share:.2%}), "
          f"{(terminal.count - shown) / 20:.1f} bytes/s")  # fmt: skip
    terminal.close()
    minimal.close()


def flood(folder: Path) -> None:
    """Keys while 10,000 events a second come in, with a hundred and with a thousand bots."""
    minimal = opened([PYTHON, str(HERE / "minimal.py")], folder)
    minimal.until(b"minimal")
    keys("minimal app", minimal, KEYS, *MINIMAL)
    for bots in BOTS:
        beside = opened(flood_script(folder, bots, "minimal"), folder)
        beside.until(b"minimal")
        keys(f"minimal app beside {bots:,} bots", beside, KEYS, *MINIMAL)
        keys(f"{bots:,} bots", flooded(folder, bots, EVENTS), KEYS)


def slow(folder: Path) -> None:
    """The same over 64 kbit/s."""
    for bots in BOTS:
        terminal = flooded(folder, bots, EVENTS)
        terminal.rate = SLOW_LINK
        time.sleep(5)
        keys(f"{bots:,} bots, 64 kbit/s", terminal, KEYS)


Key = tuple[bytes, bytes]
"""What is pressed, and the words that answer it."""
PAUSE, COPY = (b"p", b"reduce stay"), (b"y", b"clipboard")
MINIMAL = (b"a", b"answered a"), (b"b", b"answered b")


def keys(
    name: str, terminal: Terminal, presses: int, first: Key = PAUSE, second: Key = COPY
) -> None:
    begun, shown, cpu = time.monotonic(), terminal.count, terminal.cpu_s()
    took = []
    for turn in range(presses):
        key, words = second if turn % 2 else first
        took.append(terminal.answer_ms(key, words))
        time.sleep(BETWEEN_KEYS_S * (0.5 + turn * 37 % 100 / 100))  # in step with nothing
    took.sort()
    seconds = time.monotonic() - begun
    half, most, nearly = (took[int(share * (len(took) - 1))] for share in (0.5, 0.9, 0.99))
    print(f"key to paint {name:29} p50 {half:.1f}  p90 {most:.1f}  p99 {nearly:.1f} ms,"
          f" {(terminal.count - shown) / seconds / 1000:.1f} KB/s,"
          f" {(terminal.cpu_s() - cpu) / seconds:.0%} CPU with the made-up engine's")  # fmt: skip
    terminal.close()


def stall(folder: Path) -> None:
    """How late the engine's steps are while the terminal reads, reads nothing, and goes away."""
    for name in ("reads", "stalls", "stalls, then closes"):
        terminal = flooded(folder, 100, EVENTS)
        time.sleep(2)
        if name != "reads":
            terminal.stalled.set()
        time.sleep(STALL_S)
        if name == "stalls, then closes":
            closed_at = time.monotonic()
            terminal.hang_up()
            report = reported(folder)
            print(f"hang-up      the engine goes on without a screen {report['ended']} "
                  f"{(report['at'] - closed_at) * 1000:.0f} ms after the close")  # fmt: skip
            time.sleep(2)
        elif name == "stalls":
            come_back(terminal)
        (folder / "lag.json").unlink(missing_ok=True)
        terminal.process.send_signal(signal.SIGTERM)
        lags = sorted(reported(folder)["lags_ms"][400:])
        print(f"engine's lag terminal {name:20} p50 {median(lags):.1f}  "
              f"p99 {lags[int(0.99 * len(lags))]:.1f}  largest {lags[-1]:.1f} ms")  # fmt: skip
        terminal.close()


def come_back(terminal: Terminal) -> None:
    """A terminal that reads again shows the table without a gap, and the figures move on."""
    before, begun = terminal.count, time.monotonic()
    terminal.stalled.clear()
    time.sleep(3)
    picture = Picture(*SIZE)
    picture.take(terminal.seen)
    lines = picture.lines
    table = takewhile(str.strip, lines[3:])
    names = [line.split()[0] for line in table]
    is_whole = names == [f"bot-{at:03}" for at in range(len(names))] and len(names) > 5
    is_whole = is_whole and "nimbus flood" in lines[0] and "p pause" in lines[-1]
    print(
        f"comeback     the picture is {'whole' if is_whole else 'NOT WHOLE'}, "
        f"{(terminal.count - before) / 1000:.0f} KB in {time.monotonic() - begun:.0f} s"
    )
    if not is_whole:
        print("\n".join(lines))


def reported(folder: Path, within_s: float = 20) -> dict[str, Any]:
    """What the flood has reported, once it has."""
    report, end = folder / "lag.json", time.monotonic() + within_s
    while not report.exists():
        if time.monotonic() > end:
            raise RuntimeError("the made-up engine has reported nothing")
        time.sleep(0.001)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def flooded(folder: Path, bots: int, events: int) -> Terminal:
    (folder / "lag.json").unlink(missing_ok=True)
    terminal = opened(flood_script(folder, bots, events=events), folder)
    terminal.until(b"bot-000")
    time.sleep(2)
    return terminal


def flood_script(folder: Path, bots: int, *words: str, events: int = EVENTS) -> list[str]:
    report = str(folder / "lag.json")
    return [PYTHON, str(HERE / "flood.py"), str(bots), str(events), report, *words]


def opened(command: list[str], folder: Path) -> Terminal:
    home = {"NIMBUS_HOME": str(folder / "home"), "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    home |= {"PYTHONDONTWRITEBYTECODE": ""}  # as installed: compiled once
    return Terminal(command, **home)


if __name__ == "__main__":
    main()
