"""Whose key trades for whom, over the wire: wrong keys are said at the start, with the remedy."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import Accepted, RefusalKind, Refused
from nimbus_tui.exchanges.base import Area
from tests.exchanges.hyperliquid.opened import adapter, buy, opened, until
from tests.exchanges.hyperliquid.server.accounts import Agent
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.sdk import (
    AGENT_KEY,
    MASTER,
    MASTER_KEY,
    OTHER,
    OTHER_KEY,
    address_of,
)
from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.world import DAY_MS

AGENT = address_of(AGENT_KEY)
OWNED = "0x" + "ab" * 20
"""A sub-account or vault: it has no key."""
Prepare = Callable[[HyperliquidServer], None]


def nothing(_: HyperliquidServer) -> None:
    """Nobody has approved anything."""


def approved(server: HyperliquidServer, master: str = MASTER, days: float = 90) -> None:
    """The agent may sign for an account."""
    until_ms = server.world.now() + round(days * DAY_MS)
    server.account(master).agents.append(Agent(AGENT, "bots", until_ms))


def expired(server: HyperliquidServer) -> None:
    """The agent's time is over."""
    approved(server, days=-1)


def approved_by_another(server: HyperliquidServer) -> None:
    """The agent is somebody else's."""
    approved(server, OTHER)


def owned(role: str, owner: str = MASTER) -> Prepare:
    """There is a sub-account or vault of an owner's, whose agent the key is."""

    def prepare(server: HyperliquidServer) -> None:
        server.fund(OWNED, role=role, owner=owner)
        approved(server)

    return prepare


WRONG: list[tuple[str, Prepare, str, str, tuple[str, ...]]] = [
    ("not approved", nothing, MASTER, AGENT_KEY,
     (f"the key of {AGENT} is not approved as an agent of {MASTER} on testnet", "More, API",
      "other network", "nimbus-tui secrets set")),
    ("expired", expired, MASTER, AGENT_KEY,
     (f"the agent bots ({AGENT}) of {MASTER} has expired", "approve a new one")),
    ("another account's own", nothing, MASTER, OTHER_KEY,
     (f"the key is that of the account {OTHER} itself, which is not {MASTER}", "API wallet")),
    ("another account's agent", approved_by_another, MASTER, AGENT_KEY,
     (f"the key of {AGENT} is an agent of {OTHER}, not of {MASTER}", "`account`")),
    ("the agent as account", approved, AGENT, AGENT_KEY,
     (f"the account {AGENT} is an agent (API wallet)", f"`account`: {MASTER}")),
    ("the agent as another's account", approved, AGENT, MASTER_KEY,
     (f"the account {AGENT} is an agent (API wallet)", f"`account`: {MASTER}")),
    ("never funded", nothing, OWNED, MASTER_KEY,
     (f"the account {OWNED} is unknown on testnet", "deposit first", "`network`")),
    ("never funded, its own key", nothing, AGENT, AGENT_KEY,
     (f"the account {AGENT} is unknown on testnet", "deposit first")),
    ("another's sub-account", owned("subAccount", OTHER), OWNED, AGENT_KEY,
     (f"the key of {AGENT} is an agent of {MASTER}, not of {OTHER}",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("prepare", "account", "key", "words"),
    [case[1:] for case in WRONG],
    ids=[case[0] for case in WRONG],
)
async def test_a_key_that_cannot_trade_is_said_at_the_start(
    prepare: Prepare, account: str, key: str, words: tuple[str, ...]
) -> None:
    async with HyperliquidServer() as server:
        server.fund(MASTER)
        server.fund(OTHER)
        prepare(server)
        exchange = adapter(server, account=account, key=key)
        with pytest.raises(ExchangeError) as raised:
            await exchange.connect()
        await exchange.disconnect()
        for part in words:
            assert part in str(raised.value)
        assert key.removeprefix("0x") not in str(raised.value)
        assert not exchange.is_connected()
        assert not server.audit.actions
        assert server.audit.violations == []


@pytest.mark.parametrize("key", ["", "0x12", "not a key", "0x" + "0" * 64])
async def test_what_is_no_key_at_all_is_said_without_showing_it(key: str) -> None:
    async with HyperliquidServer() as server:
        server.fund(MASTER)
        exchange = adapter(server, key=key)
        with pytest.raises(ExchangeError) as raised:
            await exchange.connect()
        await exchange.disconnect()
        assert not key or key not in str(raised.value)


async def test_an_agent_trades_for_its_master() -> None:
    async def prepare(server: HyperliquidServer) -> None:
        approved(server)

    async with opened(prepare, key=AGENT_KEY) as both:
        assert isinstance(await both.exchange.place_order(buy()), Accepted)
        await both.move("2388")
        await until(lambda: len(both.fills) == 1)
        assert both.server.account(MASTER).position_size("ETH") == Decimal("0.05")
        found = {one.area: one for one in await both.exchange.check()}
        assert "can't withdraw" in found[Area.PERMISSIONS].text
        assert "bots" in found[Area.AGENT].text


@pytest.mark.parametrize("role", ["subAccount", "vault"])
@pytest.mark.parametrize("key", [AGENT_KEY, MASTER_KEY], ids=["agent", "master"])
async def test_a_sub_account_or_vault_is_traded_by_its_owners_keys(role: str, key: str) -> None:
    async def prepare(server: HyperliquidServer) -> None:
        owned(role)(server)

    async with opened(prepare, account=OWNED, key=key) as both:
        assert isinstance(await both.exchange.place_order(buy()), Accepted)
        assert [one.user for one in both.account.open_orders] == [OWNED]
        await both.move("2388")
        await until(lambda: len(both.fills) == 1)
        assert both.account.position_size("ETH") == Decimal("0.05")
        assert not both.server.account(MASTER).orders
        assert [one.quantity for one in await both.exchange.positions()] == [Decimal("0.05")]


async def test_a_vault_that_somebody_else_leads_takes_no_order_from_us() -> None:
    async def prepare(server: HyperliquidServer) -> None:
        server.fund(OTHER)
        owned("vault", OTHER)(server)

    async with opened(prepare, account=OWNED, key=AGENT_KEY) as both:
        answer = await both.exchange.place_order(buy())
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID
        assert f"Vault not registered: {OWNED}" in answer.reason
        assert [one.rule for one in both.server.audit.violations] == [Rule.SIGNATURE]
        both.server.audit.violations.clear()


async def test_what_is_signed_for_the_other_network_is_refused_and_not_done() -> None:
    async with opened(signed_for_the_other_network=True) as both:
        answer = await both.exchange.place_order(buy())
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID
        assert "does not exist" in answer.reason
        assert not both.account.orders
        both.server.audit.violations.clear()


async def test_an_agent_that_ends_while_it_trades_is_refused_in_the_venues_words() -> None:
    async def prepare(server: HyperliquidServer) -> None:
        approved(server, days=1)

    async with opened(prepare, key=AGENT_KEY) as both:
        assert isinstance(await both.exchange.place_order(buy()), Accepted)
        both.server.account(MASTER).agents[0].valid_until = both.server.world.now()
        answer = await both.exchange.place_order(buy(2))
        assert isinstance(answer, Refused)
        assert (answer.kind, AGENT in answer.reason) == (RefusalKind.INVALID, True)
        assert len(both.account.open_orders) == 1
        both.server.audit.violations.clear()
