"""An engine client whose every figure is written down: three grids, one ladder, some events."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.control.backtests import BacktestRun, BacktestSetup
from nimbus_tui.control.commands import (
    CancelOrder,
    Command,
    EmergencyShutdown,
    FlattenBot,
    Outcome,
    PauseBot,
    Rearm,
    ResetPeak,
    Result,
    ResumeBot,
    Shutdown,
    StartBot,
    StopBot,
)
from nimbus_tui.control.pages import Listing, Page, PageWanted
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.snapshots import (
    BotDetail,
    BotSnapshot,
    BotState,
    EngineSnapshot,
    ExchangeSnapshot,
    Mode,
    Update,
)
from nimbus_tui.core import events as ev
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.core.events import Event, event_type
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, OrderKey, Symbol, TradeId
from nimbus_tui.core.order import Order, OrderState, OrderType, Side
from nimbus_tui.core.panels import LadderPanel, LadderRow, Panel, RowState
from nimbus_tui.core.preview import ConfigPreview
from tests.tui.scripted_risk import calm

SECOND = 1_000_000_000
MIDNIGHT = 1_763_769_600 * SECOND
START = MIDNIGHT + (3 * 3600 + 7 * 60) * SECOND
"""Seven past three in the morning."""

D = Decimal


def bot(name: str, symbol: str, price: str, **changes: object) -> BotSnapshot:
    """A running grid unless said otherwise."""
    figures: dict[str, object] = {
        "bot_id": BotId(name), "strategy": "grid", "exchange": ExchangeName("sim"),
        "symbol": Symbol(symbol), "mode": Mode.PAPER, "state": BotState.RUNNING,
        "risk": "normal", "reason": "", "price": D(price), "price_ts": START,
        "position": D("0.4133"), "average_cost": D("2391.4172839506"),
        "realized_pnl": D("31.2204"), "unrealized_pnl": D("-4.5581"), "pnl_today": D("12.4466"),
        "fees": D("3.1177"), "equity": D("10026.6623"), "capital": D("10000"), "round_trips": 17,
        "open_orders": 10, "quote": "USDC", "since": MIDNIGHT - 86_400 * SECOND,
        "statistics": {
            "round_trips": 17, "grid_profit": "28.10264418", "profit_per_day": "25.01",
            "apr_percent": "91.32", "time_in_range": "0.9412", "inventory": "0.1243",
            "base_price": "2400", "dust": "0.0000", "rebalances": 3,
        },
    }  # fmt: skip
    return BotSnapshot(**(figures | changes))  # type: ignore[arg-type]


def ladder(base: str, step: str, price: str, levels: int = 5, size: str = "0.0833") -> LadderPanel:
    """Sells above and buys below a base, in steps; levels near the price have filled before."""
    centre, width, now = D(base), D(step), D(price)
    rows = []
    for level in range(levels, -levels - 1, -1):
        at = centre + level * width
        side = Side.SELL if at > now else Side.BUY
        is_empty = level == 0
        rows.append(
            LadderRow(
                level=level,
                price=at,
                offset_percent=(at - centre) / centre * 100,
                side=None if is_empty else side,
                quantity=D(0) if is_empty else D(size),
                filled=D(size) / 4 if level == -2 else D(0),
                key=None if is_empty else OrderKey(f"grid/{level:+d}/c1"),
                state=RowState.EMPTY if is_empty else _row_state(level),
                fills=max(0, 4 - abs(level)),
                profit=D("0.8330") * max(0, 3 - abs(level)),
            )
        )
    edge = width * levels
    return LadderPanel(
        rows=tuple(rows), base=centre, wake_below=centre - edge, wake_above=centre + edge
    )


def _row_state(level: int) -> RowState:
    odd = {-2: RowState.PARTIAL, 3: RowState.PENDING, 4: RowState.WAITING}
    return odd.get(level, RowState.RESTING)


class ScriptedClient:
    """Serves what the script says; commands change the states that they would change."""

    def __init__(self) -> None:
        self.bots = {
            one.bot_id: one
            for one in (
                bot("eth-grid", "ETH/USDC", "2401.37"),
                bot(
                    "btc-perp", "BTC/USDC:USDC", "64231.5", state=BotState.PAUSED,
                    reason="paused by the operator", position=D("-0.0141"), risk="warning",
                    average_cost=D("64102.25"), pnl_today=D("-48.1293"), equity=D("9951.8707"),
                    unrealized_pnl=D("-1.8225"), open_orders=4, round_trips=5,
                ),
                bot(
                    "sol-wide", "SOL/USDC:USDC", "151.042", state=BotState.STOPPED,
                    reason="stopped by the operator", position=D(0), average_cost=None,
                    pnl_today=D(0), equity=D("10000"), unrealized_pnl=D(0), open_orders=0,
                    round_trips=0,
                ),
            )
        }  # fmt: skip
        self.panels: dict[BotId, Panel] = {
            BotId("eth-grid"): ladder("2400", "3.6", "2401.37"),
            BotId("btc-perp"): ladder("64200.0", "64.2", "64231.5", 6, "0.0047"),
            BotId("sol-wide"): LadderPanel(note="waits for the first price"),
        }
        self.engine = EngineSnapshot(
            name="scripted", version="0.1.0", state="running", risk="warning", mode=Mode.PAPER,
            equity=D("29978.5330"), exposure=D("1898.1513"), currency="USDC",
            started_ns=MIDNIGHT, now_ns=START, seq=0, audit="ok",
            exchanges=(
                ExchangeSnapshot(
                    name=ExchangeName("sim"), type="paper", link="connected", ping_ms=3.2,
                    data_age_ms=120.0, reconnects=0, rate_used=0.0,
                ),
            ),
        )  # fmt: skip
        self.curves: dict[BotId, list[EquityPoint]] = {}
        self.curves_asked: list[BotId] = []
        """Whose equity curve was asked for, in order."""
        self.commands: list[Command] = []
        self.events_told: list[Event] = []
        self.pages_asked: list[PageWanted] = []
        self.ended: list[Order] = []
        """Orders that are not live any more, oldest first."""
        self.revision = 0
        self.risk_now: RiskSnapshot | None = None
        """The risk layer; None = all at rest."""
        self.risk_asked = 0
        self.held_back: dict[OrderKey, str] = {}
        self.gone = ""
        """Why the engine does not answer; empty while it does."""
        self.silent = False
        """Whether requests get no answer at all."""
        self.on_execute: Outcome | None = None
        """What to answer instead of obeying."""
        self._news = asyncio.Condition()
        self._changed: dict[BotId, int] = {}
        self._tell_story()

    def _tell_story(self) -> None:
        eth = BotId("eth-grid")
        self.tell(ev.Connected(exchange="sim"))
        for level in (-1, -2, -3, 1, 2, 3):
            self.tell(
                ev.OrderPlaced(
                    bot_id=eth,
                    key=OrderKey(f"grid/{level:+d}/c1"),
                    symbol=Symbol("ETH/USDC"),
                    client_order_id=ClientOrderId(f"nb-{level}"),
                    order_type=OrderType.LIMIT,
                    side=Side.SELL if level > 0 else Side.BUY,
                    quantity=D("0.0833"),
                    price=D("2400") + D("3.6") * level,
                )
            )
        for at, fill in enumerate(self._fills(eth)):
            self.tell(ev.OrderFilled(bot_id=eth, ts=START - (9 - at) * SECOND, fill=fill,
                                     position=D("0.4133")))  # fmt: skip
        self.tell(ev.Paused(bot_id=BotId("btc-perp"), reason="paused by the operator"))
        self.tell(
            ev.OrderRejected(
                bot_id=BotId("btc-perp"), key=OrderKey("grid/-1/c9"), client_order_id=None,
                symbol=Symbol("BTC/USDC:USDC"), reason="[/red] insufficient [balance]",
            )
        )  # fmt: skip

    def _fills(self, bot_id: BotId) -> tuple[Fill, ...]:
        return tuple(
            Fill(
                exchange=ExchangeName("sim"),
                trade_id=TradeId(f"t{number}"),
                client_order_id=ClientOrderId(f"nb{number}"),
                symbol=Symbol("ETH/USDC"),
                side=side,
                price=D(price),
                quantity=D("0.0833"),
                fee=D("0.0400"),
                fee_asset="USDC",
                maker=True,
                ts=START - (9 - number) * SECOND,
                bot_id=bot_id,
                key=OrderKey(f"grid/{level:+d}/c1"),
            )
            for number, (side, price, level) in enumerate(
                [(Side.BUY, "2396.4", -1), (Side.SELL, "2400.0", 0), (Side.SELL, "2403.6", 1)]
            )
        )

    # the script

    def tell(self, event: Event) -> None:
        """An event happens."""
        seq = self.engine.seq + 1
        ts = event.ts or START - 30 * SECOND + seq * SECOND
        self.events_told.append(msgspec.structs.replace(event, seq=seq, ts=ts))
        self.engine = msgspec.structs.replace(self.engine, seq=seq)
        self.revision += 1

    async def change(self, bot_id: str, **changes: object) -> None:
        """A bot changes."""
        self._set(BotId(bot_id), **changes)
        await self.news()

    def _set(self, bot_id: BotId, **changes: object) -> None:
        self.bots[bot_id] = msgspec.structs.replace(self.bots[bot_id], **changes)
        self.revision += 1
        self._changed[bot_id] = self.revision

    async def change_engine(self, **changes: object) -> None:
        """The engine changes."""
        self.engine = msgspec.structs.replace(self.engine, **changes)
        self.revision += 1
        await self.news()

    async def news(self) -> None:
        """Wake whoever waits for news."""
        async with self._news:
            self._news.notify_all()

    # what a client offers

    async def _answering(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.gone:
            raise EngineUnreachable(self.gone)

    async def snapshot(self) -> tuple[EngineSnapshot, tuple[BotSnapshot, ...]]:
        """The engine and its bots."""
        await self._answering()
        return self.engine, tuple(self.bots.values())

    async def updates(
        self, after: int, *, focus: BotId | None = None, timeout_s: float = 30.0
    ) -> Update:
        """What the script has changed since."""
        await self._answering()
        if after >= self.revision:
            async with self._news:
                try:
                    async with asyncio.timeout(timeout_s):
                        await self._news.wait()
                except TimeoutError:
                    pass
        await self._answering()
        changed = [b for b in self.bots if after <= 0 or self._changed.get(b, 0) > after]
        is_told = focus is not None and focus in self.bots and (after <= 0 or focus in changed)
        return Update(
            revision=self.revision,
            engine=self.engine,
            bots=tuple(self.bots[name] for name in changed),
            complete=after <= 0,
            events=tuple(self.events_told[-200:]),  # type: ignore[arg-type]
            detail=self._detail(focus) if is_told and focus is not None else None,
        )

    def _detail(self, bot_id: BotId) -> BotDetail:
        panel = self.panels.get(bot_id)
        return BotDetail(
            bot_id=bot_id, panel=panel, orders=self._live(bot_id),
            fills=self._fills(bot_id) if bot_id == "eth-grid" else (),
            held_back=self.held_back,
        )  # fmt: skip

    def _live(self, bot_id: BotId) -> tuple[Order, ...]:
        panel = self.panels.get(bot_id)
        rows = panel.rows if isinstance(panel, LadderPanel) else ()
        return tuple(
            Order(
                bot_id=bot_id,
                key=row.key,
                generation=0,
                client_order_id=ClientOrderId(
                    f"nb{row.level}" if bot_id == "eth-grid" else f"nb{row.level}-{bot_id}"
                ),
                symbol=Symbol("ETH/USDC"),
                side=row.side,
                quantity=row.quantity,
                price=row.price,
                filled=row.filled,
                state=OrderState.PARTIALLY_FILLED if row.filled else OrderState.OPEN,
            )
            for row in rows
            if row.key is not None and row.side is not None and self.bots[bot_id].open_orders
        )

    async def execute(self, command: Command) -> Outcome:
        """Note a command and obey it, unless the script answers otherwise."""
        await self._answering()
        self.commands.append(command)
        outcome = self.on_execute or self._obey(command)
        await self.news()
        return outcome

    def _obey(self, command: Command) -> Outcome:
        match command:
            case PauseBot(bot_id):
                self._set(bot_id, state=BotState.PAUSED, reason="paused by the operator")
                return Outcome(Result.DONE, f"{bot_id}: paused; orders that reduce stay")
            case ResumeBot(bot_id) | StartBot(bot_id):
                self._set(bot_id, state=BotState.RUNNING, reason="", open_orders=10)
                return Outcome(Result.DONE, f"{bot_id}: runs")
            case StopBot(bot_id) | FlattenBot(bot_id):
                self._set(bot_id, state=BotState.STOPPED, reason="stopped", open_orders=0)
                return Outcome(Result.DONE, f"{bot_id}: stopped; its orders are being cancelled")
            case EmergencyShutdown():
                self.engine = msgspec.structs.replace(
                    self.engine,
                    state="emergency",
                    risk="emergency",
                    emergency="14 of 14 orders cancelled, verified",
                )
                self.revision += 1
                return Outcome(Result.ACCEPTED, "emergency shutdown: cancelling every order")
            case Rearm():
                self.engine = msgspec.structs.replace(self.engine, state="running", emergency="")
                self.revision += 1
                return Outcome(Result.DONE, "rearmed; every bot is stopped")
            case CancelOrder(bot_id):
                return Outcome(Result.DONE, f"{bot_id}: cancelled until the bot is resumed")
            case ResetPeak(bot_id):
                return Outcome(Result.DONE, f"{bot_id}: drawdown is measured from now on")
            case Shutdown():
                return Outcome(Result.ACCEPTED, "shutting down")

    async def orders(
        self, *, bot_id: BotId | None = None, live_only: bool = True, limit: int = 1000
    ) -> Sequence[Order]:
        """The live orders."""
        await self._answering()
        return [order for name in self.bots for order in self._live(name)][:limit]

    async def fills(self, *, bot_id: BotId | None = None, limit: int = 1000) -> Sequence[Fill]:
        """The fills."""
        await self._answering()
        return self._fills(bot_id or BotId("eth-grid"))[-limit:]

    async def equity(
        self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000
    ) -> Sequence[EquityPoint]:
        """The points of a bot's curve."""
        await self._answering()
        self.curves_asked.append(bot_id)
        return [point for point in self.curves.get(bot_id, ()) if point.ts >= since_ns][-limit:]

    async def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> Sequence[Event]:
        """The events."""
        await self._answering()
        told = [event for event in self.events_told if not types or event_type(event) in types]
        return told[-limit:]

    async def page(self, wanted: PageWanted) -> Page:
        """What is there of a table, newest first; older pages by their number."""
        await self._answering()
        self.pages_asked.append(wanted)
        rows: list[Any] = []
        match wanted.listing:
            case Listing.EVENTS:
                kinds = wanted.types
                rows = [e for e in self.events_told if not kinds or event_type(e) in kinds]
            case Listing.FILLS:
                rows = list(self._fills(BotId("eth-grid")))
            case Listing.ORDERS | Listing.LIVE_ORDERS:
                rows = [order for name in self.bots for order in self._live(name)]
                ended = wanted.listing is Listing.ORDERS
                rows = [*(self.ended if ended else ()), *rows]
        own = [r for r in rows if wanted.bot_id is None or r.bot_id == wanted.bot_id][::-1]
        start = int(wanted.before or 0)
        shown = tuple(own[start : start + wanted.limit])
        at = start + len(shown)
        older = str(at) if at < len(own) else None
        match wanted.listing:
            case Listing.EVENTS:
                return Page(events=shown, older=older)
            case Listing.FILLS:
                return Page(fills=shown, older=older)
            case _:
                return Page(orders=shown, older=older)

    async def risk(self) -> RiskSnapshot:
        """What the script says, or every bot at rest."""
        await self._answering()
        self.risk_asked += 1
        return self.risk_now or calm(list(self.bots), self.engine.now_ns)

    async def consequence(self, command: Command) -> Outcome:
        """Nothing is known beforehand but the command's name."""
        await self._answering()
        return Outcome(Result.ACCEPTED, type(command).__name__)

    async def backtest_setup(self, config: str = "") -> BacktestSetup:
        """There is none."""
        await self._answering()
        return BacktestSetup(config=config, problem="this engine is scripted")

    async def backtests(self) -> Sequence[BacktestRun]:
        """There are none."""
        await self._answering()
        return ()

    async def preview(self, text: str) -> ConfigPreview:
        await self._answering()
        return ConfigPreview()

    async def close(self) -> None:
        """Nothing to let go of."""
