"""The app on a made-up engine in a thread of its own: so many bots, so many events a second.

    python benchmarks/tui/flood.py BOTS EVENTS REPORT

The engine's thread changes prices and figures in steps of 5 ms and notes how late each step was;
the report is that lag, as JSON, written when the app ends.
"""

import json
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from nimbus_tui.config.locations import shipped  # noqa: E402
from nimbus_tui.control.snapshots import BotState, Update  # noqa: E402
from nimbus_tui.core.ids import BotId  # noqa: E402
from nimbus_tui.tui.options import ScreenOptions  # noqa: E402
from nimbus_tui.tui.run import run_screen  # noqa: E402
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
        self._events = events
        self._begun = time.monotonic_ns()
        if events:
            threading.Thread(target=self._flow, daemon=True).start()

    def _flow(self) -> None:
        chance, names = Random(7), list(self.bots)
        a_step, due = self._events * STEP_S, time.monotonic()
        owed = 0.0
        while True:
            due = max(due + STEP_S, time.monotonic() - 0.5)
            time.sleep(max(0.0, due - time.monotonic()))
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


def main() -> None:
    """Show the app until it is told to end."""
    bots, events, report = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    client = Flood(bots, events)
    run_screen(client, ScreenOptions(title="flood", theme_folders=(shipped("themes"),)))
    report.write_text(json.dumps(client.lags_ms))


if __name__ == "__main__":
    main()
