"""Whether a key may trade for an account, and in which words it is told why not."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from nimbus_tui.exchanges.hyperliquid.access import Access, AccessRefused, find_access
from nimbus_tui.exchanges.hyperliquid.signing import Network
from tests.exchanges.hyperliquid.rest_venue import connected

ACCOUNT, AGENT, MASTER = ("0x" + digit * 40 for digit in "abc")
NOW_MS = 1_790_000_000_000
USER: dict[str, Any] = {"role": "user"}
MISSING: dict[str, Any] = {"role": "missing"}
VAULT: dict[str, Any] = {"role": "vault"}
SUB: dict[str, Any] = {"role": "subAccount", "data": {"master": MASTER}}


def agent_of(user: str) -> dict[str, Any]:
    return {"role": "agent", "data": {"user": user}}


async def found(
    account_role: dict[str, Any],
    key_role: dict[str, Any],
    signer: str = AGENT,
    agents: Sequence[dict[str, Any]] = (),
) -> Access:
    """What is found where the venue answers so: the account's role, its agents, the key's role."""
    async with connected() as line:
        replies = (account_role, agents, key_role)
        line.venue.says(*((200, msgspec.json.encode(one)) for one in replies))
        try:
            return await find_access(line.rest, ACCOUNT, signer, Network.TESTNET, NOW_MS)
        finally:
            asked = [(body["type"], body["user"]) for _, body in line.venue.asked]
            master = (account_role.get("data") or {}).get("master", ACCOUNT).lower()
            whole = [("userRole", ACCOUNT), ("extraAgents", master), ("userRole", signer)]
            assert asked == whole[: len(asked)]


def agent(valid_until: int | None, address: str = AGENT) -> dict[str, Any]:
    return {"name": "nimbus", "address": address, "validUntil": valid_until}


@pytest.mark.parametrize(
    ("account", "key", "signer", "expected"),
    [
        (USER, USER, ACCOUNT, Access(own_key=True)),
        (USER, agent_of(ACCOUNT), AGENT, Access(agent=AGENT)),
        (USER, agent_of(ACCOUNT.upper().replace("X", "x")), AGENT, Access(agent=AGENT)),
        (SUB, agent_of(MASTER), AGENT, Access(vault_address=ACCOUNT, agent=AGENT)),
        (
            {"role": "subAccount", "data": {"master": MASTER.upper().replace("X", "x")}},
            agent_of(MASTER),
            AGENT,
            Access(vault_address=ACCOUNT, agent=AGENT),
        ),
        (SUB, USER, MASTER, Access(vault_address=ACCOUNT, own_key=True)),
        (VAULT, agent_of(MASTER), AGENT, Access(vault_address=ACCOUNT, agent=AGENT)),
        (VAULT, MISSING, AGENT, Access(vault_address=ACCOUNT, agent=AGENT)),
    ],
)
async def test_a_key_that_may_trade_is_told_how(
    account: dict[str, Any], key: dict[str, Any], signer: str, expected: Access
) -> None:
    assert await found(account, key, signer) == expected


@pytest.mark.parametrize(
    ("account", "key", "signer", "text"),
    [
        (
            agent_of(MASTER), USER, AGENT,
            f"the account {ACCOUNT} is an agent (API wallet), which holds nothing itself; give the "
            f"address that it trades for as `account`: {MASTER}",
        ),
        (
            {"role": "agent"}, USER, AGENT,
            f"the account {ACCOUNT} is an agent (API wallet), which holds nothing itself; give the "
            "address that it trades for as `account`",
        ),
        (
            MISSING, USER, ACCOUNT,
            f"the account {ACCOUNT} is unknown on testnet: nothing was ever deposited there; "
            "deposit first, or set `network` to the other one",
        ),
        (
            USER, agent_of(MASTER), AGENT,
            f"the key of {AGENT} is an agent of {MASTER}, not of {ACCOUNT}; give that address as "
            "`account`, or the key of this account's own agent",
        ),
        (
            USER, {"role": "agent"}, AGENT,
            f"the key of {AGENT} is an agent of another account, not of {ACCOUNT}; give that "
            "address as `account`, or the key of this account's own agent",
        ),
        (
            USER, MISSING, AGENT,
            f"the key of {AGENT} is not approved as an agent of {ACCOUNT} on testnet: approve it "
            "on the web page under More, API (it may have expired, or belong to the other "
            "network), and store the new key with `nimbus-tui secrets set`",
        ),
        (
            USER, USER, AGENT,
            f"the key is that of the account {AGENT} itself, which is not {ACCOUNT}; use a key of "
            "an agent (API wallet) that this account has approved",
        ),
        (
            SUB, agent_of(ACCOUNT), AGENT,
            f"the key of {AGENT} is an agent of {ACCOUNT}, not of {MASTER}; give that address as "
            "`account`, or the key of this account's own agent",
        ),
    ],
)  # fmt: skip
async def test_a_key_that_may_not_is_told_why_and_what_to_do(
    account: dict[str, Any], key: dict[str, Any], signer: str, text: str
) -> None:
    with pytest.raises(AccessRefused) as told:
        await found(account, key, signer)
    assert str(told.value) == text


@pytest.mark.parametrize("role", [USER, SUB])
@pytest.mark.parametrize("valid_until", [None, NOW_MS + 1])
@pytest.mark.parametrize("address", [AGENT, AGENT.upper().replace("X", "x")])
async def test_a_named_agent_is_found_without_asking_for_its_role(
    role: dict[str, Any], valid_until: int | None, address: str
) -> None:
    others = agent(NOW_MS - 1, MASTER)
    access = await found(role, MISSING, agents=[others, agent(valid_until, address)])
    assert access == Access(vault_address=ACCOUNT if role is SUB else None, agent=AGENT)


async def test_an_agent_that_has_ended_is_told_with_its_name() -> None:
    with pytest.raises(AccessRefused) as told:
        await found(USER, agent_of(ACCOUNT), agents=[agent(NOW_MS)])
    assert str(told.value) == (
        f"the agent nimbus ({AGENT}) of {ACCOUNT} has expired: approve a new one under another "
        "address on the web page under More, API, and store its key with `nimbus-tui secrets set`"
    )
