"""Risk layers written down: a calm one with one bot throttled, a pause by what is missing, more."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core import events as ev
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
ENGINE, ACCOUNT = "engine", "account sim"
D = Decimal
PER_BOT = (
    (1, "stop_loss"), (1, "take_profit"), (1, "position_size"), (1, "position_age"),
    (2, "daily_loss"), (2, "drawdown"), (2, "consecutive_losses"), (2, "order_rate"),
    (4, "order_validation"),
)  # fmt: skip


def read(
    scope: str, level: int, rule: str, measured: str, limit: str, **more: object
) -> RiskReading:
    """A good reading at normal unless said otherwise."""
    found: dict[str, object] = {
        "scope": scope, "level": level, "rule": rule, "measured": D(measured), "limit": D(limit),
        "usage": D(measured) / D(limit), "step": RiskStep.NORMAL, "age_ms": 400,
        "source": "fills and marks of sim",
    }  # fmt: skip
    return RiskReading(**(found | more))  # type: ignore[arg-type]


def off(scope: str, level: int, rule: str) -> RiskReading:
    """A rule without a limit."""
    return RiskReading(
        scope=scope, level=level, rule=rule, measured=None, limit=None, usage=None,
        step=RiskStep.NORMAL, input=RiskInput.OFF,
    )  # fmt: skip


def unfit(scope: str, level: int, rule: str, how: RiskInput, detail: str) -> RiskReading:
    """A rule whose input is not fit."""
    return RiskReading(
        scope=scope, level=level, rule=rule, measured=None, limit=D(30), usage=None,
        step=RiskStep.PAUSE, input=how, detail=detail, source="marks of sim",
    )  # fmt: skip


def of_bot(name: str, *changed: RiskReading) -> list[RiskReading]:
    """A calm bot's readings, some of them replaced."""
    calm = [
        read(name, 1, "stop_loss", "1.31", "10"), off(name, 1, "take_profit"),
        read(name, 1, "position_size", "992.48", "5000"),
        off(name, 1, "position_age"),
        read(name, 2, "daily_loss", "0.42", "3", window="since 00:00 UTC"),
        read(name, 2, "drawdown", "2.05", "15"), off(name, 2, "consecutive_losses"),
        read(name, 2, "order_rate", "11", "120"),
        read(name, 4, "order_validation", "0", "5"),
    ]  # fmt: skip
    new = {reading.rule: reading for reading in changed}
    return [new.get(reading.rule, reading) for reading in calm]


def above() -> list[RiskReading]:
    """The engine's and the account's readings."""
    return [
        read(ENGINE, 3, "total_exposure", "2.1", "3"),
        off(ENGINE, 3, "correlation"),
        off(ENGINE, 3, "asset_allocation"),
        read(ENGINE, 4, "emergency", "29978", "5000", usage=D("0.16678")),
        read(ACCOUNT, 3, "leverage", "1.4", "5"),
        read(ACCOUNT, 4, "api_rate", "18.5", "80"),
        read(ACCOUNT, 4, "connection", "0.4", "30"),
    ]


def standing(scope: str, step: RiskStep = RiskStep.NORMAL, **more: object) -> ScopeStanding:
    """Where a scope stands."""
    return ScopeStanding(scope=scope, step=step, **more)  # type: ignore[arg-type]


def calm(names: Sequence[str], now_ns: int) -> RiskSnapshot:
    """Every bot at rest."""
    readings = [*above(), *(one for name in names for one in of_bot(name))]
    stands = [standing(scope) for scope in (ENGINE, ACCOUNT, *names)]
    return RiskSnapshot(
        readings=tuple(readings), standings=tuple(stands), latched=False, now_ns=now_ns
    )


def with_bot(snapshot: RiskSnapshot, stand: ScopeStanding, *changed: RiskReading) -> RiskSnapshot:
    """One scope in another state."""
    new = {(reading.scope, reading.rule): reading for reading in changed}
    readings = tuple(new.get((one.scope, one.rule), one) for one in snapshot.readings)
    stands = tuple(stand if one.scope == stand.scope else one for one in snapshot.standings)
    return msgspec.structs.replace(snapshot, readings=readings, standings=stands)


def throttled(snapshot: RiskSnapshot, name: str) -> RiskSnapshot:
    """A bot at throttle by its drawdown, coming down in eight minutes at the earliest."""
    drawdown = read(
        name, 2, "drawdown", "13.06", "15", step=RiskStep.THROTTLE,
        window="from the peak of 22 Nov 09:14 UTC",
        detail="peak 10,312.40 USDC, equity now 8,965.62 USDC",
    )  # fmt: skip
    stand = standing(
        name, RiskStep.THROTTLE, rule="drawdown", since=snapshot.now_ns - 4 * MINUTE,
        until=snapshot.now_ns + 8 * MINUTE, measured=D("13.06"), limit=D(15),
        reason="drawdown 13.06 % of 15 %: adding orders at half their size",
    )  # fmt: skip
    return with_bot(snapshot, stand, drawdown)


def blind(snapshot: RiskSnapshot, name: str) -> RiskSnapshot:
    """A bot paused by what is missing, one of its rules stale, one with parts of two venues."""
    words = "no mark of SOL/USDC:USDC since 03:05:12"
    stand = standing(
        name, RiskStep.PAUSE, rule="stop_loss", since=snapshot.now_ns - MINUTE,
        reason=words, operator_paused=True,
    )  # fmt: skip
    return with_bot(
        snapshot,
        stand,
        unfit(name, 1, "stop_loss", RiskInput.MISSING, words),
        unfit(name, 2, "daily_loss", RiskInput.STALE, "equity is 95 s old"),
        unfit(name, 2, "drawdown", RiskInput.MIXED, "peak of paper, equity of sim"),
    )


def refusing(snapshot: RiskSnapshot) -> RiskSnapshot:
    """The engine refuses what adds exposure."""
    full = read(
        ENGINE, 3, "total_exposure", "3.04", "3", step=RiskStep.THROTTLE, refuses="all symbols"
    )
    stand = standing(
        ENGINE, RiskStep.THROTTLE, rule="total_exposure", since=snapshot.now_ns - MINUTE,
        until=snapshot.now_ns + 10 * MINUTE, measured=D("3.04"), limit=D(3),
    )  # fmt: skip
    return with_bot(snapshot, stand, full)


def latched(snapshot: RiskSnapshot, *left: str) -> RiskSnapshot:
    """An emergency, with what is left; verified where nothing is."""
    stands = tuple(
        msgspec.structs.replace(
            one, step=RiskStep.EMERGENCY, rule="emergency", since=snapshot.now_ns - MINUTE
        )
        for one in snapshot.standings
    )
    words = f"still there: {'; '.join(left)}" if left else "verified: no order of ours is left"
    return msgspec.structs.replace(
        snapshot, standings=stands, latched=True, emergency=words, left=left, verified=not left
    )


def story(name: str, now_ns: int) -> list[Event]:
    """What a history is made of, oldest first."""
    bot = BotId(name)
    symbol = Symbol("ETH/USDC")
    told: list[Event] = [
        ev.PositionLimitWarning(bot_id=bot, symbol=symbol, measured=D("3712.5"), limit=D(5000)),
        ev.StopLossTriggered(
            bot_id=bot, symbol=symbol, price=D("2151.17"), measured=D("10.04"), limit=D(10)
        ),
        ev.TakeProfitTriggered(
            bot_id=bot, symbol=symbol, price=D("2651.2"), measured=D("12.1"), limit=D(12)
        ),
        ev.CircuitBreakerActivated(bot_id=bot, losses=4, cooldown_seconds=1800),
        ev.RiskEscalated(
            bot_id=bot, scope=name, step="throttle", rule="drawdown", measured=D("13.06"),
            limit=D(15), action="adding orders at half their size", window="from the peak",
            source="equity of sim", age_ms=400,
        ),
        ev.RiskCleared(
            bot_id=bot, scope=name, step="warning", rule="drawdown", measured=D("8.9"), limit=D(15)
        ),
        ev.RiskEscalated(
            scope=ENGINE, step="warning", rule="total_exposure", measured=D("2.14"), limit=D(3),
            action="told", source="positions and marks", age_ms=20,
        ),
    ]  # fmt: skip
    return [
        msgspec.structs.replace(event, seq=at + 1, ts=now_ns - (len(told) - at) * 5 * MINUTE)
        for at, event in enumerate(told)
    ]
