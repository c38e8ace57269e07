"""Draws the pictures of the README: the app itself, on a demo whose market is always the same.

`python docs/pictures/draw.py [FOLDER]` writes one SVG a screen, beside this file by default. The
bots are those of `sample_configs/demo.toml`; ten minutes of a market pass in simulated time, then
the app is opened on their engine and exports what it shows.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from nimbus_tui.bootstrap import keep_secret, load_config, previewer, simulated
from nimbus_tui.config.locations import shipped
from nimbus_tui.config.model import Config
from nimbus_tui.config_file import ConfigFile
from nimbus_tui.control.backtests import RunState
from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.market import Tick
from nimbus_tui.engine.history import History
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.risk_record import RiskRecord
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.paper_venues import synthetic_markets
from nimbus_tui.simulation.backtest_runs import BacktestRuns
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.synthetic import SyntheticSource
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import ScreenOptions
from nimbus_tui.tui.screens.config import ConfigScreen

SIZE = (120, 36)
SEED = 2
"""Of the market: a calm one, so that every screen has something to show."""
BEGIN_NS = 1_763_798_400 * NS_PER_SECOND
"""Eight in the morning, UTC."""
BEFORE_S = 10 * 60
"""How much of the market passes before the app is opened."""
WATCHED_S = 50
"""How much of it passes before its eyes, for the trends."""
ROUND_NS = 250 * NS_PER_MS
"""Between two prices of one symbol, as in the demo."""
WITHIN_S = 60.0
PLACE = "pictures"
"""What the pictures call the temporary folder; as long as the part of its name that is chance."""
FONT_FACE = re.compile(r" *@font-face \{.*?\}\n", re.DOTALL)
ETH = Symbol("ETH/USDC")


class Demo:
    """The demo in a market that is always the same, at times that never change."""

    def __init__(self, place: Path) -> None:
        text = (shipped("sample_configs") / "demo.toml").read_text(encoding="utf-8")
        path = place / "demo.toml"
        path.write_text(text.replace("seed = 7 ", f"seed = {SEED} "), encoding="utf-8")
        config = load_config(path)
        (instruments,) = config.instruments.values()
        self._markets = synthetic_markets(instruments.values())
        self.engine, self._run = simulated(config)
        self.engine.recorder = History(self.engine)
        self.engine.beside.append(RiskRecord(self.engine).run)
        self.engine.previewer = previewer(path)
        self.engine.config_desk.source = ConfigFile(config, keep_secret, _no_exchange)
        self.engine.backtests = BacktestRuns(path, load_config, place / "folders.json")
        self._write_prices(place / "ETHUSDC.csv")
        self._coming = self._ticks(BEFORE_S, BEFORE_S + WATCHED_S)

    def _ticks(self, since_s: int, until_s: int) -> Iterator[Tick]:
        """What happens in a stretch of time; the same seed makes the same prices."""
        source = SyntheticSource(self._markets, clock=SimulatedClock(BEGIN_NS), seed=SEED)
        for number in range(until_s * NS_PER_SECOND // ROUND_NS):
            for place, market in enumerate(self._markets):
                after_ns = number * ROUND_NS + place * ROUND_NS // len(self._markets)
                tick = source.step(market, BEGIN_NS + after_ns)
                if after_ns >= since_s * NS_PER_SECOND:
                    yield tick

    def _write_prices(self, path: Path) -> None:
        rows = [
            f"{tick.ts // NS_PER_MS},{tick.price},{tick.size}"
            for tick in self._ticks(0, BEFORE_S)
            if tick.symbol == ETH
        ]
        path.write_text("\n".join(["timestamp_ms,price,size", *rows, ""]), encoding="utf-8")

    async def live(self) -> None:
        """Start, and let everything happen that was before the app is opened."""
        await self._run.run(self._ticks(0, BEFORE_S))

    async def go_on(self) -> bool:
        """Let the next second happen; False when there is no more."""
        second = list(islice(self._coming, NS_PER_SECOND // ROUND_NS * len(self._markets)))
        for tick in second:
            await self._run.clock.advance_to(tick.ts, self.engine.settle)
            self._run.exchange.deliver(tick)
            await self.engine.settle()
        return bool(second)


def _no_exchange(_config: Config, _exchange: ExchangeName) -> PaperExchange:
    raise AssertionError("no picture adds an exchange")


async def draw(folder: Path) -> list[Path]:
    """Draw every picture into a folder and return the files."""
    drawn = []
    with tempfile.TemporaryDirectory(prefix="nimbus-") as place:
        demo = Demo(Path(place))
        await demo.live()
        options = ScreenOptions(title="demo", demo=True, theme_folders=(shipped("themes"),))
        for name, steps in PICTURES.items():
            app = NimbusApp(LocalClient(demo.engine), options)
            async with app.run_test(size=SIZE) as pilot:
                await _opened(app)
                await steps(demo, app, pilot)
                await _at_rest(app, pilot)
                image = app.export_screenshot(title="nimbus-tui")
            picture = folder / f"{name}.svg"
            chance = Path(place).name.removeprefix("nimbus-")
            picture.write_text(_alone(image, name).replace(chance, PLACE), encoding="utf-8")
            drawn.append(picture)
        await demo.engine.stop()
    return drawn


def _alone(image: str, name: str) -> str:
    """A picture that loads no font from elsewhere, and keeps its spaces in every viewer.

    Its inner names are a hash of what it shows, the temporary folder included; they become its own.
    """
    image = re.sub(r"\bterminal-\d+", f"picture-{name}", image)
    return FONT_FACE.sub("", image).replace("<svg ", '<svg xml:space="preserve" ', 1)


# what each picture shows


async def _dashboard(demo: Demo, app: NimbusApp, _pilot: Pilot[Any]) -> None:
    while await demo.go_on():
        await _until(app, lambda: app.feed.revision >= demo.engine.revisions.newest)


async def _ladder(_demo: Demo, app: NimbusApp, pilot: Pilot[Any]) -> None:
    await pilot.press("enter")
    await _until(app, lambda: app.live.is_bot_open and bool(app.feed.curve))


async def _risk(_demo: Demo, app: NimbusApp, pilot: Pilot[Any]) -> None:
    await pilot.press("2")
    await _until(app, lambda: app.risk.snapshot is not None)


async def _config(_demo: Demo, app: NimbusApp, pilot: Pilot[Any]) -> None:
    await pilot.press("e")
    await _until(app, lambda: _is_checked(app.screen))


def _is_checked(screen: object) -> bool:
    return isinstance(screen, ConfigScreen) and screen.draft is not None and screen.draft.is_checked


async def _replay(_demo: Demo, app: NimbusApp, pilot: Pilot[Any]) -> None:
    await pilot.press("8")
    await _until(app, lambda: app.past.marks is not None)
    for key in ("shift+left", "shift+left", "shift+left", "F"):
        asked = app.past.asked
        await pilot.press(key)
        await _until(app, partial(_is_later, app, asked))


def _is_later(app: NimbusApp, asked: int) -> bool:
    return app.past.asked > asked


async def _heat_map(_demo: Demo, app: NimbusApp, pilot: Pilot[Any]) -> None:
    await pilot.press("7")
    tests = app.backtests
    await _until(app, lambda: tests.setup is not None)
    assert tests.setup is not None  # noqa: S101 - waited for above
    tests.choose_file(ETH, str(Path(tests.setup.config).with_name("ETHUSDC.csv")))
    tests.turn_sweep()
    await pilot.press("b")
    await _until(app, lambda: bool(tests.runs) and tests.runs[-1].state is not RunState.RUNNING)


Steps = Callable[[Demo, NimbusApp, Pilot[Any]], Awaitable[None]]

PICTURES: dict[str, Steps] = {
    "dashboard": _dashboard,
    "ladder": _ladder,
    "risk": _risk,
    "config": _config,
    "replay": _replay,
    "heat-map": _heat_map,
}


async def _until(app: NimbusApp, holds: Callable[[], bool]) -> None:
    """Wait for what a screen tells nobody of."""
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            app.repaint_now()
            await asyncio.sleep(0.01)  # noqa: TID251 - the screen lives in real time


async def _opened(app: NimbusApp) -> None:
    await _until(app, lambda: app.feed.detail is not None)


async def _at_rest(app: NimbusApp, pilot: Pilot[Any]) -> None:
    """All is painted: three exports in a row are the same."""
    seen: list[str] = []
    while len(seen) < 3 or len(set(seen[-3:])) > 1:
        app.repaint_now()
        await pilot.pause()
        seen.append(app.export_screenshot())


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"  # the pictures' times are the same everywhere
    time.tzset()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    asyncio.run(draw(target))
