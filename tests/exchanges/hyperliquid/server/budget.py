"""How many actions an address may send, by what it has traded."""

from typing import Any

from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.actions import CancelAction, CancelCloidAction
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.world import World

BETWEEN_BEYOND_MS = 10_000
MORE_CANCELS = 100_000


def over_budget(world: World, account: Account, action: Any) -> str | None:
    """Why the address may not do this now, or None."""
    cap = account.request_cap
    if isinstance(action, CancelAction | CancelCloidAction):
        cap = min(cap + MORE_CANCELS, 2 * cap)
    if account.requests < cap:
        return None
    now = world.now()
    if now - account.last_beyond >= BETWEEN_BEYOND_MS:
        account.last_beyond = now
        return None
    return (
        f"Too many cumulative requests sent ({account.requests} > {cap}) for cumulative volume "
        f"traded ${account.volume:.2f}. Place taker orders to free up 1 request per USDC traded."
    )


def charge(account: Account, items: int) -> None:
    """Count what was carried out; failed cancels count too."""
    account.requests += items


def told(account: Account) -> dict[str, Any]:
    """As `userRateLimit` tells it."""
    return {
        "cumVlm": text(account.volume),
        "nRequestsUsed": account.requests,
        "nRequestsCap": account.request_cap,
        "nRequestsSurplus": 0,
    }
