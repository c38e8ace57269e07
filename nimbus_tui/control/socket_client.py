"""`EngineClient` for another process: every call goes over the engine's Unix socket."""

from collections.abc import Sequence
from typing import Any

from nimbus_tui.control.about import EngineAbout
from nimbus_tui.control.asks import (
    Ask,
    AskAbout,
    AskBacktestPaths,
    AskBacktestResult,
    AskBacktests,
    AskBacktestSetup,
    AskCancelBacktest,
    AskConfigForm,
    AskConsequence,
    AskEquity,
    AskEvents,
    AskExecute,
    AskFills,
    AskHistory,
    AskInstruments,
    AskMarks,
    AskMoments,
    AskOrders,
    AskPage,
    AskPlanConfig,
    AskPreview,
    AskReadConfig,
    AskRisk,
    AskRunBacktest,
    AskSaveConfig,
    AskSetSecret,
    AskSnapshot,
    AskUpdates,
)
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
from nimbus_tui.control.preview_wire import WireConfigPreview, from_wire
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot, Update
from nimbus_tui.control.socket_line import SocketLine
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import AnyEvent, Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.order import Order
from nimbus_tui.core.preview import ConfigPreview


class UnixSocketClient:
    """`EngineClient` over the socket of an engine in another process."""

    def __init__(self, path: str) -> None:
        """A client that connects at its first call, and again where the engine came back."""
        self._line = SocketLine(path)

    @classmethod
    async def connect(cls, path: str) -> "UnixSocketClient":
        """Connect to an engine.

        Raises:
            EngineUnreachable: nobody answers there, or another user, or with another protocol.
        """
        client = cls(path)
        await client._line.open()
        return client

    async def _call(self, ask: Ask, kind: Any) -> Any:
        return await self._line.call(ask, kind)

    async def about(self) -> EngineAbout:
        """Which process the engine is, its config file, and what that decides."""
        answer: EngineAbout = await self._call(AskAbout(), EngineAbout)
        return answer

    async def snapshot(self) -> tuple[EngineSnapshot, tuple[BotSnapshot, ...]]:
        """The engine and all its bots now."""
        kind = tuple[EngineSnapshot, tuple[BotSnapshot, ...]]
        answer: tuple[EngineSnapshot, tuple[BotSnapshot, ...]] = await self._call(
            AskSnapshot(), kind
        )
        return answer

    async def updates(
        self, after: int, *, focus: BotId | None = None, timeout_s: float = 30.0
    ) -> Update:
        """What changed since a revision; waits for a change."""
        answer: Update = await self._call(AskUpdates(after, focus, timeout_s), Update)
        return answer

    async def execute(self, command: Command) -> Outcome:
        """Carry out a command."""
        answer: Outcome = await self._call(AskExecute(command), Outcome)
        return answer

    async def consequence(self, command: Command) -> Outcome:
        """What a command would do now; nothing is done."""
        answer: Outcome = await self._call(AskConsequence(command), Outcome)
        return answer

    async def risk(self) -> RiskSnapshot:
        """The risk layer now."""
        answer: RiskSnapshot = await self._call(AskRisk(), RiskSnapshot)
        return answer

    async def orders(
        self, *, bot_id: BotId | None = None, live_only: bool = True, limit: int = 1000
    ) -> Sequence[Order]:
        """Orders; newest first when history is asked for."""
        answer: list[Order] = await self._call(AskOrders(bot_id, live_only, limit), list[Order])
        return answer

    async def fills(self, *, bot_id: BotId | None = None, limit: int = 1000) -> Sequence[Fill]:
        """The newest fills, oldest first."""
        answer: list[Fill] = await self._call(AskFills(bot_id, limit), list[Fill])
        return answer

    async def equity(
        self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000
    ) -> Sequence[EquityPoint]:
        """The newest points of a bot's equity curve from a moment on, oldest first."""
        ask = AskEquity(bot_id, since_ns, limit)
        answer: list[EquityPoint] = await self._call(ask, list[EquityPoint])
        return answer

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
        ask = AskEvents(after, limit, bot_id, tuple(types), newest)
        answer: list[Event] = await self._call(ask, list[AnyEvent])
        return answer

    async def history(
        self,
        *,
        seq: int | None = None,
        ts: int | None = None,
        focus: BotId | None = None,
        around: int = 50,
    ) -> PastMoment:
        """The engine as it was after an event or at a time."""
        answer: PastMoment = await self._call(AskHistory(seq, ts, focus, around), PastMoment)
        return answer

    async def moments(self, seq: int) -> Moments:
        """Where one may jump from an event."""
        answer: Moments = await self._call(AskMoments(seq), Moments)
        return answer

    async def page(self, wanted: PageWanted) -> Page:
        """Rows of one table, newest first."""
        answer: Page = await self._call(AskPage(wanted), Page)
        return answer

    async def marks(self, since_ns: int, until_ns: int, parts: int) -> Marks:
        """Where something of note lies in a stretch of time."""
        answer: Marks = await self._call(AskMarks(since_ns, until_ns, parts), Marks)
        return answer

    async def backtest_setup(self, config: str = "") -> BacktestSetup:
        """What of a config can be run."""
        answer: BacktestSetup = await self._call(AskBacktestSetup(config), BacktestSetup)
        return answer

    async def backtest_paths(self, begun: str) -> Sequence[str]:
        """How a path that somebody began to type may go on."""
        answer: list[str] = await self._call(AskBacktestPaths(begun), list[str])
        return answer

    async def run_backtest(self, request: BacktestRequest) -> BacktestRun:
        """Begin a run."""
        answer: BacktestRun = await self._call(AskRunBacktest(request), BacktestRun)
        return answer

    async def backtests(self) -> Sequence[BacktestRun]:
        """The runs of this engine's life."""
        answer: list[BacktestRun] = await self._call(AskBacktests(), list[BacktestRun])
        return answer

    async def cancel_backtest(self, number: int) -> BacktestRun | None:
        """End a run."""
        answer: BacktestRun | None = await self._call(AskCancelBacktest(number), BacktestRun | None)
        return answer

    async def backtest_result(self, number: int) -> BacktestResult | None:
        """What came of a run."""
        answer: BacktestResult | None = await self._call(
            AskBacktestResult(number), BacktestResult | None
        )
        return answer

    async def preview(self, text: str) -> ConfigPreview:
        """What the bots of a config text would do at the engine's newest prices."""
        answer: WireConfigPreview = await self._call(AskPreview(text), WireConfigPreview)
        return from_wire(answer)

    async def read_config(self) -> ConfigText:
        """The config file as it is on the disk now."""
        answer: ConfigText = await self._call(AskReadConfig(), ConfigText)
        return answer

    async def plan_config(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save_config` would do now, bot by bot; nothing of it is done."""
        answer: ConfigChange = await self._call(AskPlanConfig(text, expected_hash), ConfigChange)
        return answer

    async def save_config(self, text: str, expected_hash: str) -> Outcome:
        """Save a config text, and let the running engine follow it."""
        answer: Outcome = await self._call(AskSaveConfig(text, expected_hash), Outcome)
        return answer

    async def config_form(self) -> ConfigForm:
        """Every key that a config can have, for a form."""
        answer: ConfigForm = await self._call(AskConfigForm(), ConfigForm)
        return answer

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the config offers, by symbol."""
        answer: InstrumentList = await self._call(AskInstruments(exchange), InstrumentList)
        return answer

    async def set_secret(self, name: str, text: str, passphrase: str) -> Outcome:
        """Put a secret into the vault that the passphrase opens, or make that vault."""
        answer: Outcome = await self._call(AskSetSecret(name, text, passphrase), Outcome)
        return answer

    async def close(self) -> None:
        """Let go of the engine; it goes on without us."""
        self._line.close()
