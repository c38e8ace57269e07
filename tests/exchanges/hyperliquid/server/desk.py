"""The exchange desk: whose action is it, may it be carried out, and what does it answer."""

from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import keys, margin
from tests.exchanges.hyperliquid.server.accounts import Account, Leverage
from tests.exchanges.hyperliquid.server.actions import (
    FORBIDDEN,
    MOST_ITEMS,
    USER_SIGNED,
    BatchModifyAction,
    Body,
    Builder,
    CancelAction,
    CancelCloidAction,
    IsolatedMarginAction,
    LeverageAction,
    Modify,
    ModifyAction,
    NoopAction,
    OrderAction,
    ScheduleCancelAction,
    SubAccountTransferAction,
    Unreadable,
    items_of,
    read_action,
)
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.budget import charge, over_budget
from tests.exchanges.hyperliquid.server.keys import Refused, use_nonce
from tests.exchanges.hyperliquid.server.moving import MOST_FIRINGS, fire_switches
from tests.exchanges.hyperliquid.server.placing import cancel, modify, place_all
from tests.exchanges.hyperliquid.server.signatures import NoSigner, l1_signer
from tests.exchanges.hyperliquid.server.world import DAY_MS, World

MICRO = 1_000_000
SHORTEST_SWITCH_MS = 5_000
EXPIRED_COST = 5
Reply = dict[str, Any]
DONE: Reply = {"status": "ok", "response": {"type": "default"}}


def carry_out(world: World, body: Body) -> Reply:
    """One signed action, as a block would.

    Raises:
        Unreadable: the body can't be read.
    """
    kind = body.action.get("type")
    fire_switches(world)
    try:
        if kind in FORBIDDEN:
            world.audit.broken(Rule.FORBIDDEN, str(kind), "", world.now())
            raise Refused("Action disabled.")
        if kind in USER_SIGNED:
            return keys.carry_out(world, body)
        return _carry_out_l1(world, body)
    except Refused as refused:
        return {"status": "err", "response": str(refused)}


def _carry_out_l1(world: World, body: Body) -> Reply:
    action = read_action(body.action)
    signer = _signer(world, action, body)
    account = _acting(world, signer, body.vaultAddress)
    use_nonce(world, signer, body.nonce, settles=isinstance(action, NoopAction))
    if body.expiresAfter is not None and body.expiresAfter < world.now():
        account.requests += EXPIRED_COST
        world.audit.broken(Rule.EXPIRED, str(body.action), account.address, world.now())
        raise Refused("Action already expired")
    if items_of(action) > MOST_ITEMS:
        world.audit.broken(Rule.BATCH, str(items_of(action)), account.address, world.now())
        raise Refused("Signed action over weight limit of 200.")
    beyond = over_budget(world, account, action)
    if beyond is not None:
        world.audit.broken(Rule.BUDGET, beyond, account.address, world.now())
        raise Refused(beyond)
    reply = _execute(world, account, action)
    charge(account, items_of(action))
    world.audit.actions[body.action["type"]] += 1
    return reply


def _signer(world: World, action: Any, body: Body) -> str:
    try:
        signer = l1_signer(action, body, mainnet=world.mainnet)
    except NoSigner as problem:
        world.audit.broken(Rule.SIGNATURE, str(problem), "", world.now())
        raise Refused("Unable to recover signer.") from problem
    if world.master_of(signer) is None:
        words = f"User or API Wallet {signer} does not exist."
        world.audit.broken(Rule.SIGNATURE, words, "", world.now())
        raise Refused(words)
    return signer


def _acting(world: World, signer: str, vault: str | None) -> Account:
    """The account that an action is for."""
    master = world.master_of(signer)
    assert master is not None
    if vault is None:
        return master
    account = world.accounts.get(vault.lower())
    if account is None or account.owner != master.address:
        world.audit.broken(Rule.SIGNATURE, f"vault {vault}", master.address, world.now())
        raise Refused(f"Vault not registered: {vault.lower()}")
    return account


def _execute(world: World, account: Account, action: Any) -> Reply:
    match action:
        case OrderAction():
            if isinstance(action.builder, Builder):
                raise Refused("Builder fee has not been approved")
            return _statuses("order", place_all(world, account, action))
        case CancelAction():
            told = [cancel(world, account, item.a, item.o) for item in action.cancels]
            return _statuses("cancel", told)
        case CancelCloidAction():
            told = [cancel(world, account, item.asset, item.cloid) for item in action.cancels]
            return _statuses("cancel", told)
        case BatchModifyAction():
            always = action.a is True
            told = [modify(world, account, item, always=always) for item in action.modifies]
            return _statuses("order", told)
        case ModifyAction():
            return _modify_one(world, account, action)
        case _:
            _set(world, account, action)
            return DONE


def _statuses(kind: str, told: list[Any]) -> Reply:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": told}}}


def _modify_one(world: World, account: Account, action: ModifyAction) -> Reply:
    item = Modify(action.oid, action.order)
    told = modify(world, account, item, always=action.a is True)
    if isinstance(told, dict) and "error" in told:
        raise Refused(told["error"])
    return DONE


def _set(world: World, account: Account, action: Any) -> None:
    match action:
        case NoopAction():
            pass
        case ScheduleCancelAction():
            _schedule(world, account, action)
        case LeverageAction():
            _set_leverage(world, account, action)
        case IsolatedMarginAction():
            _set_isolated_margin(world, account, action)
        case SubAccountTransferAction():
            _transfer(world, account, action)
        case _:
            raise Unreadable(str(action))


def _schedule(world: World, account: Account, action: ScheduleCancelAction) -> None:
    needed = world.readings.scheduled_cancel_volume
    if account.volume < needed:
        raise Refused(
            "Cannot set scheduled cancel time until enough volume traded. "
            f"Required: ${needed}. Traded: ${account.volume:.2f}."
        )
    if not isinstance(action.time, int):
        account.cancel_at = None
        return
    if action.time < world.now() + SHORTEST_SWITCH_MS:
        raise Refused("Scheduled cancel time too early, must be at least 5 seconds from now.")
    if account.firings[world.now() // DAY_MS] >= MOST_FIRINGS:
        raise Refused("Too many scheduled cancels triggered today.")
    account.cancel_at = action.time


def _set_leverage(world: World, account: Account, action: LeverageAction) -> None:
    market = world.universe.by_asset.get(action.asset)
    if market is None or market.spot or not 1 <= action.leverage <= market.max_leverage:
        words = f"{action.leverage} of asset {action.asset}"
        world.audit.broken(Rule.LEVERAGE, words, account.address, world.now())
        raise Refused("Invalid leverage value")
    if market.only_isolated and action.isCross:
        world.audit.broken(Rule.LEVERAGE, market.coin, account.address, world.now())
        raise Refused("Cross margin is not allowed for this asset.")
    before = world.leverage(account, market.coin)
    position = account.positions.get(market.coin)
    if position is not None and before.cross != action.isCross:
        raise Refused("Cannot switch leverage type with open position.")
    account.leverage[market.coin] = Leverage(action.isCross, action.leverage)
    if position is not None and not _bears(world, account, market.coin):
        account.leverage[market.coin] = before
        raise Refused("Insufficient margin to change leverage.")
    world.tell("activeAssetData", account.address, market.coin)


def _bears(world: World, account: Account, coin: str) -> bool:
    if world.leverage(account, coin).cross:
        return margin.bound(world, account) <= margin.cross_value(world, account)
    held = account.positions[coin]
    return margin.initial(world, account, coin, held) <= margin.isolated_value(world, account, coin)


def _set_isolated_margin(world: World, account: Account, action: IsolatedMarginAction) -> None:
    market = world.universe.by_asset.get(action.asset)
    position = account.positions.get(market.coin) if market else None
    if market is None or position is None or world.leverage(account, market.coin).cross:
        raise Refused("Position does not use isolated margin.")
    amount = Decimal(action.ntli) / MICRO
    needed = margin.initial(world, account, market.coin, position)
    left = margin.isolated_value(world, account, market.coin) + amount
    if amount > margin.withdrawable(world, account) or (amount < 0 and left < needed):
        raise Refused("Insufficient margin to update isolated margin.")
    position.isolated += amount
    account.usdc -= amount
    world.tell("activeAssetData", account.address, market.coin)


def _transfer(world: World, account: Account, action: SubAccountTransferAction) -> None:
    other = world.accounts.get(action.subAccountUser)
    if other is None or other.owner != account.address:
        raise Refused(f"Vault not registered: {action.subAccountUser}")
    amount = Decimal(action.usd) / MICRO
    source, target = (account, other) if action.isDeposit else (other, account)
    if amount > margin.withdrawable(world, source):
        raise Refused("Insufficient balance for withdrawal")
    source.usdc -= amount
    target.usdc += amount
