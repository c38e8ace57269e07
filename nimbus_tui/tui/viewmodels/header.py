"""The header: whose money, how much, how risky, how fresh, and what is wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from nimbus_tui.control.snapshots import (
    BotSnapshot,
    BotState,
    EngineSnapshot,
    ExchangeSnapshot,
    Mode,
)
from nimbus_tui.tui.viewmodels.lines import (
    FRESH_MS,
    Cell,
    Line,
    age,
    between,
    blank,
    clean,
    clock,
    line_width,
    number,
    signed,
)
from nimbus_tui.tui.viewmodels.words import BOT_STATES, CALM_STEP, MODES, risk_step

ZERO = Decimal(0)
_BESIDE_NAME = line_width((Cell(" nimbus "), Cell("  "), MODES[Mode.TESTNET]))
_LEAST_NAME = 4
_LINKS = {"connected": "●", "connecting": "◌", "disconnected": "✗"}

AUDIT = {
    "ok": Cell("✓ audit ok", "muted"),
    "checking": Cell("◌ audit checking", "muted"),
}
AUDIT_BROKEN = Cell("▲ audit FAILED", "loss")

Ranked = tuple[int, Line]
"""A part of a line, and how early it goes when room is short (0 = never)."""


def header(
    engine: EngineSnapshot | None, bots: Sequence[BotSnapshot], title: str, width: int
) -> list[Line]:
    """Two lines: the money, then the machinery."""
    if engine is None:
        waiting = Cell(" waiting for the engine …", "muted")
        return [(*_name(title, width), waiting), ()]
    is_calm, is_running = engine.risk == CALM_STEP, engine.state == "running"
    start: list[Ranked] = [
        (0, _name(title, width)),
        (0, (MODES[engine.mode],)),
        (5 if is_running else 1, (_state(engine),)),
    ]
    # Totals are over the money that the mode names: paper gains are none beside real ones.
    quote = [bot for bot in bots if bot.quote == engine.currency and bot.mode is engine.mode]
    today, tone = signed(sum((bot.pnl_today for bot in quote), ZERO))
    end: list[Ranked] = [
        (6 if is_calm else 2, (Cell("risk ", "muted"), risk_step(engine.risk))),
        (4, (Cell("exposure ", "muted"), Cell(number(engine.exposure)))),
        (1, (Cell("today ", "muted"), Cell(today, tone))),
        (3, _equity(engine)),
    ]
    return [fitted(start, end, width), _machinery(engine, bots, width)]


def alarms(
    engine: EngineSnapshot | None, problem: str, silent_ms: float, *, ended: bool = False
) -> list[Line]:
    """What must be seen first: nobody answers, an emergency, an engine that isn't running."""
    lines = []
    if ended:
        lines.append(f"▲ ENGINE ENDED, Ctrl+R STARTS IT: {problem}; figures below are old")
    elif problem:
        lines.append(f"▲ ENGINE UNREACHABLE: {problem}; trying again, figures below are old")
    elif silent_ms > FRESH_MS:
        how_long = age(silent_ms)[0]
        lines.append(f"▲ NO ANSWER FROM THE ENGINE: the figures below are {how_long}")
    if engine is not None and engine.emergency:
        lines.append(f"▲ EMERGENCY: {engine.emergency}")
    if engine is not None and engine.audit not in AUDIT:
        lines.append(f"▲ AUDIT: {engine.audit}")
    if engine is not None and engine.state == "failed":
        lines.append("▲ THE ENGINE HAS FAILED: see the events; nothing is traded")
    return [(Cell(f" {clean(text)} ", "alarm"),) for text in lines]


def fitted(start: Sequence[Ranked], end: Sequence[Ranked], width: int) -> Line:
    """As many parts as there is room for, the least important going first."""
    ranks = sorted({rank for rank, _ in (*start, *end) if rank}, reverse=True)
    for gone in (width, *ranks):
        first = _joined((line for rank, line in start if rank < gone), " ")
        last = _joined((line for rank, line in end if rank < gone), "  ")
        if line_width(first) + line_width(last) + 2 <= width:
            return between(first, (*last, blank(1)), width)
    return first


def _joined(parts: Iterable[Line], gap: str) -> Line:
    cells: list[Cell] = []
    for part in parts:
        cells += [Cell(gap), *part] if cells else part
    return tuple(cells)


def _name(title: str, width: int) -> Line:
    """Whose screen it is; a long name never pushes the mode behind it out of sight."""
    shown = clean(title)
    most = max(width - _BESIDE_NAME, _LEAST_NAME)
    if len(shown) > most:
        shown = shown[: most - 1] + "…"
    return (Cell(" nimbus ", "title"), Cell(f"{shown} ", "strong"))


def _state(engine: EngineSnapshot) -> Cell:
    if engine.state == "running":
        return Cell("● running", "gain")
    return Cell(f"◌ {engine.state}", "warning")


def _equity(engine: EngineSnapshot) -> Line:
    amount = Cell(f"{number(engine.equity)} {engine.currency}", "strong")
    return (Cell("equity ", "muted"), amount)


def _machinery(engine: EngineSnapshot, bots: Sequence[BotSnapshot], width: int) -> Line:
    worst_first = sorted(engine.exchanges, key=_is_fine)
    lamps: list[Ranked] = [(3 * at, _lamp(venue)) for at, venue in enumerate(worst_first)]
    is_sound = engine.audit in AUDIT
    end: list[Ranked] = [
        (len(lamps) * 3 + 1 if is_sound else 1, (AUDIT.get(engine.audit, AUDIT_BROKEN),)),
        (2, _census(bots)),
        (len(lamps) * 3, (Cell(f"{clock(engine.now_ns)} UTC", "muted"),)),
    ]
    return fitted(lamps, end, width)


def _is_fine(venue: ExchangeSnapshot) -> bool:
    return venue.link == "connected" and (venue.data_age_ms or 0) <= FRESH_MS


def _lamp(venue: ExchangeSnapshot) -> Line:
    """A venue's link, ping and age of data; the worst of it gives the tone."""
    sign = _LINKS.get(venue.link, "▲")
    if venue.link != "connected":
        return (Cell(f" {sign} {clean(venue.name)} {clean(venue.detail or venue.link)}", "loss"),)
    words, tone = age(venue.data_age_ms)
    cells = [Cell(f" {sign} ", tone), Cell(clean(venue.name)), Cell(f" {words}", tone)]
    if venue.ping_ms is not None:
        cells.append(Cell(f" {venue.ping_ms:.0f} ms", "muted"))
    if venue.reconnects:
        cells.append(Cell(f" {venue.reconnects} reconnects", "warning"))
    return tuple(cells)


def _census(bots: Sequence[BotSnapshot]) -> Line:
    """How many bots are in which state; trouble first."""
    counts = Counter(bot.state for bot in bots)
    order = (BotState.FAILED, BotState.STOPPING, BotState.PAUSED, BotState.STOPPED)
    shown = [state for state in (*order, BotState.INITIALIZING, BotState.RUNNING) if counts[state]]
    held = sum(1 for bot in bots if bot.risk != CALM_STEP)
    cells = [Cell(f"{len(bots)} {'bot' if len(bots) == 1 else 'bots'}", "muted")]
    if held:
        cells.append(Cell(f"  ▲ {held} at risk", "warning"))
    for state in shown:
        sign, word = BOT_STATES[state].text.split(" ")
        cells.append(Cell(f"  {sign} {counts[state]} {word}", BOT_STATES[state].tone))
    return tuple(cells)
