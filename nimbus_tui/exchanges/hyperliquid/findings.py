"""What is to be said about an account at Hyperliquid: its role, its agent, budgets, fees.

Source: the protocol reference, "Agents, vaults, sub-accounts" and "Limits".
"""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.exchanges.base import Area, Finding, Verdict
from nimbus_tui.exchanges.hyperliquid.access import Access
from nimbus_tui.exchanges.hyperliquid.account import is_unified
from nimbus_tui.exchanges.hyperliquid.connection import Connection

DAY_MS = 86_400_000
SOON_DAYS = 14
"""An agent that ends sooner is worth a warning."""
FEW_ACTIONS = 2_000


async def findings(connection: Connection, access: Access | None) -> Sequence[Finding]:
    """Everything beyond connection, clock, instruments and holdings."""
    user = connection.settings.user
    if not user:
        text = "no account is configured: prices only"
        return [Finding(Area.ACCOUNT, Verdict.OK, text)]
    found = [_permissions(access)]
    asked = (
        (Area.ACCOUNT, _account(connection)),
        (Area.AGENT, _agent(connection, access)),
        (Area.BUDGETS, _budget(connection)),
        (Area.FEES, _fees(connection)),
    )
    for area, answer in asked:
        try:
            found.extend(await answer)
        except ExchangeError as error:
            text = f"could not be found out: {error}"
            found.append(Finding(area, Verdict.WARNING, text, "try again"))
    return found


async def _account(connection: Connection) -> list[Finding]:
    user, rest = connection.settings.user, connection.rest
    role = (await rest.user_role(user)).role
    if role == "missing":
        return [
            Finding(
                Area.ACCOUNT,
                Verdict.PROBLEM,
                f"{user} is unknown here: nothing was ever deposited",
                "deposit first, or set `network` to the other one",
            )
        ]
    mode = await rest.user_abstraction(user)
    purse = "one balance for spot and perpetuals" if is_unified(mode) else "classic balances"
    named = {"user": "an account", "subAccount": "a sub-account", "vault": "a vault"}
    return [Finding(Area.ACCOUNT, Verdict.OK, f"{user} is {named.get(role, role)} with {purse}")]


async def _agent(connection: Connection, access: Access | None) -> list[Finding]:
    if access is None or not access.agent:
        return []
    agents = await connection.rest.extra_agents(await _master(connection))
    named = next((one for one in agents if one.address.lower() == access.agent), None)
    if named is None:
        text = f"{access.agent} is an agent without a name, or of a vault: its end is not told"
        return [Finding(Area.AGENT, Verdict.OK, text)]
    if named.validUntil is None:
        return [Finding(Area.AGENT, Verdict.OK, f"{named.name} ({access.agent}) is approved")]
    days = (named.validUntil - connection.clock.now() // NS_PER_MS) / DAY_MS
    text = f"{named.name} ({access.agent}) is approved for {days:.0f} more days"
    if days > SOON_DAYS:
        return [Finding(Area.AGENT, Verdict.OK, text)]
    remedy = "approve a new agent under another address before then, and store its key"
    return [Finding(Area.AGENT, Verdict.WARNING, text, remedy)]


async def _master(connection: Connection) -> str:
    """Whose agents sign for the account: a sub-account has none of its own."""
    role = await connection.rest.user_role(connection.settings.user)
    master = None if role.data is None else role.data.master
    return (master or connection.settings.user).lower()


def _permissions(access: Access | None) -> Finding:
    if access is None:
        return Finding(
            Area.PERMISSIONS,
            Verdict.WARNING,
            "there is no key: the account can be read, not traded",
            'give the exchange a `secret`, e.g. secret = "hl-agent"',
        )
    if access.own_key:
        return Finding(
            Area.PERMISSIONS,
            Verdict.WARNING,
            "the key is the account's own: it could also withdraw",
            "approve an agent (API wallet) and use its key",
        )
    return Finding(Area.PERMISSIONS, Verdict.OK, "the key can trade and can't withdraw")


async def _budget(connection: Connection) -> list[Finding]:
    limit = await connection.rest.user_rate_limit(connection.settings.user)
    left = limit.nRequestsCap - limit.nRequestsUsed
    text = f"{left} of {limit.nRequestsCap} actions are left; each USDC traded adds one"
    if left > FEW_ACTIONS:
        return [Finding(Area.BUDGETS, Verdict.OK, text)]
    remedy = "trade more calmly: wider levels, longer intervals; beyond it one action per 10 s"
    verdict = Verdict.WARNING if left > 0 else Verdict.PROBLEM
    return [Finding(Area.BUDGETS, verdict, text, remedy)]


async def _fees(connection: Connection) -> list[Finding]:
    fees = await connection.rest.user_fees(connection.settings.user)
    maker, taker = fees.userAddRate, fees.userCrossRate
    if connection.settings.market is MarketType.SPOT:
        maker, taker = fees.userSpotAddRate, fees.userSpotCrossRate
    text = f"maker {_percent(maker)}, taker {_percent(taker)}"
    return [Finding(Area.FEES, Verdict.OK, text)]


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"
