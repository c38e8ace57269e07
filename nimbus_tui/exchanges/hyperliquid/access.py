"""Whether a key may trade for an account, and if not, what to do about it.

Source: the protocol reference, "Agents, vaults, sub-accounts". An agent signs for its master and
the master's sub-accounts, and holds nothing itself; sub-accounts and vaults have no key of their
own and are named in each action.
"""

import msgspec

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.hyperliquid.wire_info import UserRole


class AccessRefused(ExchangeError):
    """The key can't trade for the account; the text says why and what to do."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How actions for an account are signed."""

    vault_address: str | None = None
    """Named in each action: a sub-account's or a vault's own address."""
    own_key: bool = False
    """Whether the key is the account's own, which may also withdraw."""
    agent: str = ""
    """The agent's address, where the key is one's."""


async def find_access(
    rest: Rest, account: str, signer: str, network: Network, now_ms: int
) -> Access:
    """How a signer (address) trades for an account (address); `now_ms` is the venue's time.

    Raises:
        AccessRefused: it can't.
        ExchangeError: the venue doesn't answer.
    """
    if account == signer:
        await _account_role(rest, account, network)
        return Access(own_key=True)
    role = await _account_role(rest, account, network)
    named = account if role.role in ("subAccount", "vault") else None
    if role.role == "vault":
        # Who leads a vault isn't told by its role; the first action shows it.
        return Access(vault_address=named, agent=signer)
    master = (
        account if role.data is None or named is None else (role.data.master or account).lower()
    )
    # The list of agents weighs a third of a role; agents without a name aren't in it.
    if await _is_listed(rest, master, signer, now_ms):
        return Access(vault_address=named, agent=signer)
    key = await rest.user_role(signer)
    if key.role == "agent" and key.data is not None and (key.data.user or "").lower() == master:
        return Access(vault_address=named, agent=signer)
    if signer == master:
        return Access(vault_address=named, own_key=True)
    raise AccessRefused(_refusal(key, signer, master, network))


async def _account_role(rest: Rest, account: str, network: Network) -> UserRole:
    role = await rest.user_role(account)
    if role.role == "agent":
        owner = "" if role.data is None else role.data.user or ""
        raise AccessRefused(
            f"the account {account} is an agent (API wallet), which holds nothing itself; "
            f"give the address that it trades for as `account`{f': {owner}' if owner else ''}"
        )
    if role.role == "missing":
        raise AccessRefused(
            f"the account {account} is unknown on {_called(network)}: nothing was ever deposited "
            f"there; deposit first, or set `network` to the other one"
        )
    return role


async def _is_listed(rest: Rest, master: str, signer: str, now_ms: int) -> bool:
    """Whether a key is one of the named agents; one that has ended is refused."""
    for agent in await rest.extra_agents(master):
        if agent.address.lower() != signer:
            continue
        if agent.validUntil is not None and agent.validUntil <= now_ms:
            raise AccessRefused(
                f"the agent {agent.name} ({signer}) of {master} has expired: approve a new one "
                "under another address on the web page under More, API, and store its key with "
                "`nimbus-tui secrets set`"
            )
        return True
    return False


def _refusal(key: UserRole, signer: str, master: str, network: Network) -> str:
    if key.role == "agent":
        owner = (key.data.user if key.data is not None else None) or "another account"
        return (
            f"the key of {signer} is an agent of {owner}, not of {master}; give that address as "
            "`account`, or the key of this account's own agent"
        )
    if key.role == "missing":
        return (
            f"the key of {signer} is not approved as an agent of {master} on {_called(network)}: "
            "approve it on the web page under More, API (it may have expired, or belong to the "
            "other network), and store the new key with `nimbus-tui secrets set`"
        )
    return (
        f"the key is that of the account {signer} itself, which is not {master}; use a key of an "
        "agent (API wallet) that this account has approved"
    )


def _called(network: Network) -> str:
    return network.value.lower()
