"""Readable actions, which only the account's own key may sign: agents, and moving USDC inside."""

from decimal import Decimal, InvalidOperation
from typing import Any

from tests.exchanges.hyperliquid.server import margin
from tests.exchanges.hyperliquid.server.accounts import Account, Agent, Nonces
from tests.exchanges.hyperliquid.server.actions import USER_SIGNED, Body, Unreadable
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.signatures import ZERO, NoSigner, user_signer
from tests.exchanges.hyperliquid.server.world import DAY_MS, World, hash_of

NAMED_AGENTS = 3
FIELD_TYPES = {"string": str, "address": str, "bool": bool, "uint64": int}
LIFE_MS = 90 * DAY_MS
LONGEST_LIFE_MS = 180 * DAY_MS


class Refused(Exception):
    """The whole action is refused; nothing was done."""


def carry_out(world: World, body: Body) -> dict[str, Any]:
    """One readable action.

    Raises:
        Refused: it wasn't done.
        Unreadable: a field is missing.
    """
    action = body.action
    if action["type"] == "approveAgent":
        action.setdefault("agentName", "")
    _, fields = USER_SIGNED[action["type"]]
    for field in (*fields, "signatureChainId:string"):
        name, _, kind = field.partition(":")
        if type(action.get(name)) is not FIELD_TYPES[kind]:
            raise Unreadable(f"missing or mistyped field {name}")
    signer = _signer(world, body)
    use_nonce(world, signer, body.nonce)
    account = world.accounts[signer]
    if action["type"] == "approveAgent":
        _approve(world, account, str(action["agentAddress"]).lower(), str(action["agentName"]))
    else:
        _move_usdc(world, account, str(action["amount"]), to_perp=bool(action["toPerp"]))
    world.audit.actions[action["type"]] += 1
    return {"status": "ok", "response": {"type": "default"}}


def use_nonce(world: World, signer: str, nonce: int, *, settles: bool = False) -> None:
    """Use a nonce of a signer up; `settles` is a noop, which may well come second.

    Raises:
        Refused: it can't be used.
    """
    kept = world.nonces.setdefault(signer, Nonces())
    problem = kept.refusal(nonce, world.now(), world.readings.nonce_window)
    if settles and problem is None:
        kept.burned.add(nonce)
    if problem is not None:
        if not settles and nonce not in kept.burned:
            world.audit.broken(Rule.NONCE, problem, signer, world.now())
        raise Refused(problem)


def _signer(world: World, body: Body) -> str:
    network = "Mainnet" if world.mainnet else "Testnet"
    try:
        signer = user_signer(body)
    except (NoSigner, ValueError) as error:
        world.audit.broken(Rule.SIGNATURE, str(error), "", world.now())
        raise Refused("Unable to recover signer.") from error
    wrong = body.action["nonce"] != body.nonce or body.vaultAddress or body.expiresAfter
    if signer not in world.accounts or wrong or body.action["hyperliquidChain"] != network:
        world.audit.broken(Rule.SIGNATURE, str(body.action), signer, world.now())
        raise Refused(f"Must deposit before performing actions. User: {signer}")
    return signer


def _approve(world: World, account: Account, address: str, name: str) -> None:
    name, _, until = name.partition(" valid_until ")
    now = world.now()
    valid_until = min(int(until), now + LONGEST_LIFE_MS) if until.isdigit() else now + LIFE_MS
    others = [agent for agent in account.agents if agent.name != name]
    world.retired_agents |= {agent.address for agent in account.agents if agent.name == name}
    if address == ZERO:
        account.agents = others
        return
    if address in world.accounts or world.agent(address) or address in world.retired_agents:
        raise Refused("Extra agent already used.")
    if name and sum(bool(agent.name) for agent in others) >= NAMED_AGENTS:
        raise Refused("Too many extra agents.")
    account.agents = [*others, Agent(address, name, valid_until)]


def _move_usdc(world: World, account: Account, words: str, *, to_perp: bool) -> None:
    if account.abstraction in {"unifiedAccount", "portfolioMargin"}:
        raise Refused("Action disabled when unified account is active")
    amount, _, sub_account = words.partition(" subaccount:")
    if sub_account:
        owned = world.account(sub_account)
        if owned.owner != account.address:
            raise Refused(f"Must deposit before performing actions. User: {sub_account}")
        account = owned
    try:
        usdc = Decimal(amount)
    except InvalidOperation as error:
        raise Unreadable(f"not an amount: {words}") from error
    spot = account.spot["USDC"]
    free = (
        spot.total - margin.spot_hold(account, "USDC")
        if to_perp
        else margin.withdrawable(world, account)
    )
    if not Decimal(0) < usdc <= free:
        raise Refused("Insufficient balance for withdrawal")
    spot.total += -usdc if to_perp else usdc
    account.usdc += usdc if to_perp else -usdc
    delta = {"type": "accountClassTransfer", "usdc": str(usdc), "toPerp": to_perp}
    row = {"time": world.now(), "hash": hash_of(len(account.ledger)), "delta": delta}
    account.ledger.append(row)
    world.tell("userNonFundingLedgerUpdates", account.address, row)
