"""A look at one exchange: what its calls say, in sentences, with what to do about it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.codec import plain
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderReport
from nimbus_tui.exchanges.base import (
    Area,
    Checkable,
    ConnectionStatus,
    Exchange,
    Finding,
    Verdict,
)

PATIENCE_S = 20.0
"""How long one question may take."""
OFFSET_NOTED_MS = 500.0
"""From here on the clock is worth a word: orders carry deadlines of a few seconds."""
OFFSET_BAD_MS = 5_000.0
"""From here on a venue refuses what we send."""
BUDGET_SHORT = 0.8
"""From this share on the bots are being slowed down."""
MOST_NAMED = 5
"""How many balances or positions a sentence names."""

IsOurs = Callable[[str, ClientOrderId], bool]
"""Whether an order of an account (its name at the venue) carries our tag."""
T = TypeVar("T")
Asked = Callable[[], Awaitable[T]]

_MEND_CLOCK = "set the machine's clock by NTP (`timedatectl set-ntp true`, or chrony)"


async def examine(exchange: Exchange, *, has_account: bool, is_ours: IsOurs) -> list[Finding]:
    """Connect, ask everything that can be read, and leave; what fails is a finding too."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await exchange.connect()
    except (ExchangeError, TimeoutError) as error:
        await exchange.disconnect()
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s"
        remedy = "check the network and rest_url/ws_url; a proxy must let WebSockets through"
        return [Finding(Area.CONNECTION, Verdict.PROBLEM, text, remedy)]
    try:
        found = await _findings(exchange, has_account=has_account, is_ours=is_ours)
    finally:
        await exchange.disconnect()
    order = list(Area)
    return sorted(found, key=lambda one: order.index(one.area))


async def _findings(exchange: Exchange, *, has_account: bool, is_ours: IsOurs) -> list[Finding]:
    found: list[Finding] = []
    listed = await _asked(Area.INSTRUMENTS, exchange.instruments, found)
    if listed is not None:
        found.append(_instruments(listed))
    if has_account:
        await _account(exchange, is_ours, found)
    if isinstance(exchange, Checkable):
        own = await _asked(Area.ACCOUNT, exchange.check, found) or ()
        knows_rights = any(one.area is Area.PERMISSIONS for one in own)
        found = [one for one in found if one.area is not Area.PERMISSIONS or not knows_rights]
        found += own
    if not has_account and not any(one.area is Area.ACCOUNT for one in found):
        found.append(Finding(Area.ACCOUNT, Verdict.OK, "no account is set: public prices only"))
    # Last, when requests have shown how long they take.
    status = exchange.connection_status()
    found += [_connection(status), *_clock(status), _budget(status)]
    return found


async def _account(exchange: Exchange, is_ours: IsOurs, found: list[Finding]) -> None:
    info = await _asked(Area.ACCOUNT, exchange.account_info, found)
    if info is not None:
        found += _who(info)
    balances = await _asked(Area.BALANCES, exchange.balances, found)
    if balances is not None:
        found.append(_balances(balances))
    positions = await _asked(Area.POSITIONS, exchange.positions, found)
    if positions is not None:
        found.append(_positions(positions))
    orders = await _asked(Area.ORDERS, exchange.open_orders, found)
    if orders is not None and info is not None:
        found.append(_orders(orders, info.account, is_ours))


async def _asked(area: Area, ask: Asked[T], found: list[Finding]) -> T | None:
    """The answer; None, and a finding, where there is none."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await ask()
    except (ExchangeError, TimeoutError) as error:
        text = str(error) or f"no answer within {PATIENCE_S:.0f} s"
        found.append(Finding(area, Verdict.PROBLEM, text, "try again; if it stays, see the text"))
        return None


def _connection(status: ConnectionStatus) -> Finding:
    ping = "" if not status.ping_ms else f", round trip {status.ping_ms:.0f} ms"
    return Finding(Area.CONNECTION, Verdict.OK, f"connected{ping}")


def _clock(status: ConnectionStatus) -> Sequence[Finding]:
    offset = status.clock_offset_ms
    if offset is None:
        return ()
    side = "behind" if offset > 0 else "ahead of"
    text = f"ours is {abs(offset):.0f} ms {side} the venue's"
    if abs(offset) >= OFFSET_BAD_MS:
        return (Finding(Area.CLOCK, Verdict.PROBLEM, text, _MEND_CLOCK),)
    if abs(offset) >= OFFSET_NOTED_MS:
        return (Finding(Area.CLOCK, Verdict.WARNING, text, _MEND_CLOCK),)
    return (Finding(Area.CLOCK, Verdict.OK, text),)


def _instruments(listed: Sequence[Instrument]) -> Finding:
    if not listed:
        remedy = "check network, market and rest_url"
        return Finding(Area.INSTRUMENTS, Verdict.PROBLEM, "nothing is listed", remedy)
    return Finding(Area.INSTRUMENTS, Verdict.OK, f"{_counted(len(listed), 'instrument')} listed")


def _who(info: AccountInfo) -> Sequence[Finding]:
    equity = f"{plain(info.equity)} {info.currency}"
    found = [Finding(Area.ACCOUNT, Verdict.OK, f"{info.account}, equity {equity}")]
    if not info.can_trade:
        text, remedy = "it may not trade", "give the key the right to trade, or use another"
        found.append(Finding(Area.PERMISSIONS, Verdict.PROBLEM, text, remedy))
    elif info.can_withdraw:
        text, remedy = "the key may withdraw", "use a key that can trade and not withdraw"
        found.append(Finding(Area.PERMISSIONS, Verdict.WARNING, text, remedy))
    else:
        text = "it may trade, and the key can't withdraw"
        found.append(Finding(Area.PERMISSIONS, Verdict.OK, text))
    return found


def _balances(balances: Sequence[Balance]) -> Finding:
    if not balances:
        remedy = "deposit before you go live"
        return Finding(Area.BALANCES, Verdict.WARNING, "the account is empty", remedy)
    told = [f"{plain(one.total)} {one.asset} ({plain(one.free)} free)" for one in balances]
    return Finding(Area.BALANCES, Verdict.OK, _some(told))


def _positions(positions: Sequence[VenuePosition]) -> Finding:
    told = [f"{plain(one.quantity)} {one.symbol}" for one in positions]
    return Finding(Area.POSITIONS, Verdict.OK, _some(told) or "none")


def _orders(orders: Sequence[OrderReport], account: str, is_ours: IsOurs) -> Finding:
    ours = sum(1 for one in orders if is_ours(account, one.client_order_id))
    text = f"{_counted(len(orders), 'open order')}, {ours} of them ours" if orders else "none open"
    return Finding(Area.ORDERS, Verdict.OK, text)


def _budget(status: ConnectionStatus) -> Finding:
    text = f"{status.rate_used:.0%} of the request budget is used"
    if status.rate_used >= BUDGET_SHORT:
        remedy = "wait a minute; fewer programs on this address or account leave more for each"
        return Finding(Area.BUDGETS, Verdict.WARNING, text, remedy)
    return Finding(Area.BUDGETS, Verdict.OK, text)


def _some(told: Sequence[str]) -> str:
    more = len(told) - MOST_NAMED
    return ", ".join(told[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
