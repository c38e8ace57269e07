"""The engine's own client, for callers on its loop."""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from nimbus_tui.control.about import EngineAbout
from nimbus_tui.control.backtests import (
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestSetup,
)
from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.control.config_change import ConfigChange, ConfigText, InstrumentList
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.control.pages import Page, PageWanted
from nimbus_tui.control.past import Marks, Moments, PastMoment
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot, Update
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.order import Order
from nimbus_tui.core.preview import ConfigPreview
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.consequences import consequence
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.pages import page_of
from nimbus_tui.engine.past import Asked, marks, moments, past_moment
from nimbus_tui.engine.recall import recalled
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from nimbus_tui.engine.snapshots import bot_snapshot, engine_snapshot, update_since
from nimbus_tui.journal.base import Journal
from nimbus_tui.journal.sqlite import SqliteJournal

T = TypeVar("T")

REVISIONS_KEPT = 1024
"""How many revisions are remembered with the newest event that clients had seen by then."""


class LocalClient:
    """`EngineClient` for callers on the engine's loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: dict[int, int] = {}

    async def about(self) -> EngineAbout:
        """Which process the engine is, its config file, and what that decides."""
        settings = self._engine.settings
        return EngineAbout(
            name=settings.name,
            pid=os.getpid(),
            config=settings.config_path,
        )

    async def snapshot(self) -> tuple[EngineSnapshot, tuple[BotSnapshot, ...]]:
        """The engine and all its bots now."""
        bots = tuple(bot_snapshot(self._engine, bot) for bot in self._engine.bots.values())
        return engine_snapshot(self._engine), bots

    async def updates(
        self, after: int, *, focus: BotId | None = None, timeout_s: float = 30.0
    ) -> Update:
        """What changed since a revision; waits for a change."""
        engine = self._engine
        if after >= engine.revisions.newest:
            try:
                async with asyncio.timeout(timeout_s):
                    await engine.revisions.news()
            except TimeoutError:
                timeout_s = 0.0
        # Several clients may stand at the same revision: each of them gets what came after it.
        seen = self._seen.get(after, 0)
        update = update_since(engine, after, focus, seen if after > 0 else 0)
        self._seen[update.revision] = engine.bus.told
        while len(self._seen) > REVISIONS_KEPT:
            del self._seen[next(iter(self._seen))]
        return update

    async def execute(self, command: Command) -> Outcome:
        """Carry out a command."""
        return await self._engine.execute(command)

    async def consequence(self, command: Command) -> Outcome:
        """What a command would do now; nothing is done."""
        return consequence(self._engine, command)

    async def risk(self) -> RiskSnapshot:
        """The risk layer now."""
        return risk_snapshot(self._engine)

    async def orders(
        self, *, bot_id: BotId | None = None, live_only: bool = True, limit: int = 1000
    ) -> Sequence[Order]:
        """Orders; newest first when history is asked for."""
        if live_only:
            return recalled(self._engine, lambda journal: journal.live_orders(bot_id))[:limit]
        return recalled(self._engine, lambda journal: journal.orders(bot_id=bot_id, limit=limit))

    async def fills(self, *, bot_id: BotId | None = None, limit: int = 1000) -> Sequence[Fill]:
        """The newest fills, oldest first."""
        return recalled(
            self._engine, lambda journal: journal.fills(bot_id=bot_id, limit=limit, newest=True)
        )

    async def equity(
        self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000
    ) -> Sequence[EquityPoint]:
        """The newest points of a bot's equity curve from a moment on, oldest first."""
        return recalled(
            self._engine, lambda journal: journal.equity(bot_id, since_ns=since_ns, limit=limit)
        )

    async def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> Sequence[Event]:
        """Journalled events."""
        return recalled(
            self._engine,
            lambda journal: journal.events(
                after=after, limit=limit, bot_id=bot_id, types=types, newest=newest
            ),
        )

    async def history(
        self,
        *,
        seq: int | None = None,
        ts: int | None = None,
        focus: BotId | None = None,
        around: int = 50,
    ) -> PastMoment:
        """The engine as it was after an event or at a time."""
        asked = Asked(seq, ts, focus, around)
        return await self._read(lambda journal: past_moment(journal, asked))

    async def moments(self, seq: int) -> Moments:
        """Where one may jump from an event."""
        return await self._read(lambda journal: moments(journal, seq))

    async def page(self, wanted: PageWanted) -> Page:
        """Rows of one table, newest first."""
        return await self._read(lambda journal: page_of(journal, wanted))

    async def _read(self, read: Callable[[Journal], T]) -> T:
        """Read in a thread, on a connection of its own: no bot waits for who looks back."""
        path = self._engine.journal.readable_at
        if path is None:
            return read(self._engine.journal)

        def beside() -> T:
            journal = SqliteJournal.read(path)
            try:
                return read(journal)
            finally:
                journal.close()

        return await asyncio.to_thread(beside)

    async def marks(self, since_ns: int, until_ns: int, parts: int) -> Marks:
        """Where something of note lies in a stretch of time."""
        return await self._read(lambda journal: marks(journal, since_ns, until_ns, parts))

    async def backtest_setup(self, config: str = "") -> BacktestSetup:
        """What of a config can be run."""
        return await asyncio.to_thread(self._engine.backtests.setup, config)

    async def backtest_paths(self, begun: str) -> Sequence[str]:
        """How a path that somebody began to type may go on."""
        return await asyncio.to_thread(self._engine.backtests.paths, begun)

    async def run_backtest(self, request: BacktestRequest) -> BacktestRun:
        """Begin a run."""
        return await asyncio.to_thread(self._engine.backtests.run, request)

    async def backtests(self) -> Sequence[BacktestRun]:
        """The runs of this engine's life."""
        return self._engine.backtests.runs()

    async def cancel_backtest(self, number: int) -> BacktestRun | None:
        """End a run."""
        return self._engine.backtests.cancel(number)

    async def backtest_result(self, number: int) -> BacktestResult | None:
        """What came of a run."""
        return self._engine.backtests.result(number)

    async def preview(self, text: str) -> ConfigPreview:
        """What the bots of a config text would do at the engine's newest prices."""
        # In a thread of its own: no bot waits for somebody who is typing.
        return await asyncio.to_thread(self._engine.previewer, text, dict(self._engine.prices))

    async def read_config(self) -> ConfigText:
        """The config file as it is on the disk now."""
        return await self._engine.config_desk.read()

    async def plan_config(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save_config` would do now, bot by bot; nothing of it is done."""
        return await self._engine.config_desk.plan(text, expected_hash)

    async def save_config(self, text: str, expected_hash: str) -> Outcome:
        """Save a config text, and let the running engine follow it."""
        return await self._engine.config_desk.save(text, expected_hash)

    async def config_form(self) -> ConfigForm:
        """Every key that a config can have, for a form."""
        return await self._engine.config_desk.form()

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the config offers, by symbol."""
        return await self._engine.config_desk.instruments(exchange)

    async def set_secret(self, name: str, text: str, passphrase: str) -> Outcome:
        """Put a secret into the vault that the passphrase opens, or make that vault."""
        secret, opening = Secret(text), Secret(passphrase)
        return await self._engine.config_desk.set_secret(name, secret, opening)

    async def close(self) -> None:
        """Nothing to let go of: the engine is here."""
        self._seen.clear()
