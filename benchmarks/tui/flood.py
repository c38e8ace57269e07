"""The app on a made-up engine in a thread of its own: so many bots, so many events a second.

    python benchmarks/tui/flood.py BOTS EVENTS REPORT [minimal]

The engine has an event loop in its thread, as the real one has, and the screen asks across. It
changes prices and figures in steps of 5 ms and notes how late each step was. The report is JSON,
written when the screen ends: that lag, how the screen ended, and when (monotonic clock, seconds).
After a hang-up the engine goes on without a screen until SIGTERM, and reports again. `minimal`
shows the minimal app instead, beside the same engine: what the engine alone costs a screen.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import cast

import msgspec

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from nimbus_tui.config.locations import shipped  # noqa: E402
from nimbus_tui.control.snapshots import BotState, Update  # noqa: E402
from nimbus_tui.core.ids import BotId  # noqa: E402
from nimbus_tui.engine.local_client import LocalClient  # noqa: E402
from nimbus_tui.engine.thread_client import ThreadClient  # noqa: E402
from nimbus_tui.tui.options import Farewell, ScreenOptions  # noqa: E402
from nimbus_tui.tui.run import prepare_environment, run_screen  # noqa: E402
from tests.tui.scripted_client import ScriptedClient, bot, ladder  # noqa: E402

STEP_S = 0.005
SWITCH_INTERVAL_S = 0.001


class Flood(ScriptedClient):
    """Changes for ever; an update takes what has changed since the last one."""

    def __init__(self, bots: int, events: int) -> None:
        super().__init__()
        state = BotState.RUNNING if events else BotState.PAUSED
        names = [f"bot-{number:03}" for number in range(bots)]
        self.bots = {BotId(name): bot(name, "ETH/USDC", "2400", state=state) for name in names}
        self.panels = {name: ladder("2400", "3", "2400", levels=15) for name in self.bots}
        self.revision = 1
        self.lags_ms: list[float] = []
        self.loop = asyncio.new_event_loop()
        self._events = events
        self._begun = time.monotonic_ns()
        threading.Thread(target=self._host, daemon=True).start()

    def _host(self) -> None:
        asyncio.set_event_loop(self.loop)
        if self._events:
            self.loop.create_task(self._flow())
        self.loop.run_forever()

    async def _flow(self) -> None:
        chance, names = Random(7), list(self.bots)
        a_step, due = self._events * STEP_S, time.monotonic()
        owed = 0.0
        while True:
            due = max(due + STEP_S, time.monotonic() - 0.5)
            await asyncio.sleep(max(0.0, due - time.monotonic()))  # noqa: TID251 - it measures
            self.lags_ms.append((time.monotonic() - due) * 1000)
            owed += a_step
            for _ in range(int(owed)):
                name = chance.choice(names)
                moved = Decimal(chance.randint(-50, 50)) / 100
                self._set(
                    name, price=Decimal(2400) + moved, unrealized_pnl=moved, pnl_today=moved * 2
                )
            owed -= int(owed)

    async def updates(self, after: int, **asked: object) -> Update:  # type: ignore[override]
        now_ns = self.engine.now_ns + time.monotonic_ns() - self._begun
        if after <= 0:
            self.events_told = self.events_told[-20:]
        update = await super().updates(after, **asked)  # type: ignore[arg-type]
        engine = msgspec.structs.replace(update.engine, now_ns=now_ns)
        events = () if after > 0 else update.events
        return msgspec.structs.replace(update, engine=engine, events=events)


def shown(flood: Flood) -> Farewell:
    """The app, until it ends."""
    client = ThreadClient(cast("LocalClient", flood), flood.loop)
    return run_screen(client, ScreenOptions(title="flood", theme_folders=(shipped("themes"),)))


def minimal() -> Farewell:
    """The minimal app, until it is killed."""
    prepare_environment()
    from minimal import Minimal

    Minimal().run()
    return Farewell.CRASHED


def main() -> None:
    """Show a screen until it is told to end."""
    bots, events, report = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    flood = Flood(bots, events)
    farewell = minimal() if "minimal" in sys.argv[4:] else shown(flood)
    tell(report, flood, farewell)
    if farewell is Farewell.HANGUP:
        told = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: told.set())
        while not told.wait(0.1):
            continue
        tell(report, flood, farewell)


def tell(report: Path, flood: Flood, farewell: Farewell) -> None:
    """Write a report that is never seen half written."""
    partial = report.with_suffix(".partial")
    said = {"lags_ms": flood.lags_ms, "ended": farewell.name, "at": time.monotonic()}
    partial.write_text(json.dumps(said))
    partial.replace(report)


if __name__ == "__main__":
    main()
