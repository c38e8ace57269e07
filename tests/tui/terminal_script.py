"""Run in a process of its own on a pseudo-terminal: the app, beside a thread that must go on.

Writes to the file named first: `up` when the thread runs, then how the screen ended and how the
thread fared; beside it, in `.commands`, how many commands came from the keys. With `wait` as
second argument it goes on without a screen until SIGTERM.
"""

import signal
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

from nimbus_tui.config.locations import shipped
from nimbus_tui.config.model import Glyphs
from nimbus_tui.tui.run import Farewell, ScreenOptions, run_screen
from tests.tui.scripted_client import ScriptedClient

TICK_S = 0.02


class Engine(threading.Thread):
    """Stands for the engine: ticks, and knows the longest time between two ticks."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self.ticks = 0

    def run(self) -> None:
        last = time.monotonic()
        while True:
            time.sleep(TICK_S)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            self.ticks += 1


class Restless(ScriptedClient):
    """Every answer brings new prices, so that there is always something to paint."""

    async def updates(self, after: int, **asked: object) -> object:  # type: ignore[override]
        for bot_id, bot in self.bots.items():
            step = Decimal(self.revision % 7 - 3) / 10
            self._set(bot_id, price=(bot.price or Decimal(1)) + step)
        return await super().updates(after, **asked)  # type: ignore[arg-type]


def tell(report: Path, text: str) -> None:
    """Write a report that is never seen half written."""
    partial = report.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(report)


def main(report: Path, wait: bool) -> None:
    """Show the screen; report what came of it."""
    engine = Engine()
    engine.start()
    themes = (shipped("themes"),)
    options = ScreenOptions(title="pty", theme_folders=themes, fps=30, glyphs=Glyphs.AUTO)
    client = Restless()
    farewell = run_screen(client, options)
    tell(report.with_suffix(".commands"), str(len(client.commands)))
    tell(report, f"{farewell.name} {engine.longest:.3f} {engine.ticks}")
    if wait and farewell is Farewell.HANGUP:
        told = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: told.set())
        print("talking to a dead terminal hurts nobody", flush=True)
        print("nor here", file=sys.stderr, flush=True)
        before = engine.ticks
        while not told.wait(0.02):
            tell(report, f"HEADLESS {engine.longest:.3f} {engine.ticks - before}")
        tell(report, f"ENDED {engine.longest:.3f} {engine.ticks - before}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "wait" in sys.argv[2:])
