"""Signed actions as the server decodes and re-encodes them; the order of fields is hashed."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType, structs

from tests.exchanges.hyperliquid.server.grain import stripped

UNREADABLE = "Failed to deserialize the JSON body into the target type"
MOST_ITEMS = 200
ADDRESS = "^0x[0-9a-fA-F]{40}$"
Uint64 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Unreadable(Exception):
    """The body can't be read: 422."""


class Limit(msgspec.Struct):
    tif: Literal["Alo", "Ioc", "Gtc", "FrontendMarket"]


class Trigger(msgspec.Struct):
    isMarket: bool  # noqa: N815
    triggerPx: str  # noqa: N815
    tpsl: Literal["tp", "sl"]


class Kind(msgspec.Struct):
    limit: Limit | UnsetType = UNSET
    trigger: Trigger | UnsetType = UNSET


class OrderWire(msgspec.Struct):
    a: int
    b: bool
    p: str
    s: str
    r: bool
    t: Kind
    c: str | UnsetType | None = UNSET


class Builder(msgspec.Struct):
    b: str
    f: int


class Action(msgspec.Struct, tag_field="type"):
    """What is signed by the account or its agent."""


class OrderAction(Action, tag="order"):
    orders: list[OrderWire]
    grouping: Literal["na", "normalTpsl", "positionTpsl"] | dict[str, int]
    builder: Builder | UnsetType | None = UNSET


class Cancel(msgspec.Struct):
    a: int
    o: int


class CancelAction(Action, tag="cancel"):
    cancels: list[Cancel]
    f: bool | UnsetType = UNSET


class CancelCloid(msgspec.Struct):
    asset: int
    cloid: str


class CancelCloidAction(Action, tag="cancelByCloid"):
    cancels: list[CancelCloid]
    f: bool | UnsetType = UNSET


class ModifyAction(Action, tag="modify"):
    oid: int | str
    order: OrderWire
    a: bool | UnsetType = UNSET


class Modify(msgspec.Struct):
    oid: int | str
    order: OrderWire


class BatchModifyAction(Action, tag="batchModify"):
    modifies: list[Modify]
    a: bool | UnsetType = UNSET


class ScheduleCancelAction(Action, tag="scheduleCancel"):
    time: int | UnsetType | None = UNSET


class LeverageAction(Action, tag="updateLeverage"):
    asset: int
    isCross: bool  # noqa: N815
    leverage: int


class IsolatedMarginAction(Action, tag="updateIsolatedMargin"):
    asset: int
    isBuy: bool  # noqa: N815
    ntli: int


class NoopAction(Action, tag="noop"):
    pass


class SubAccountTransferAction(Action, tag="subAccountTransfer"):
    subAccountUser: str  # noqa: N815
    isDeposit: bool  # noqa: N815
    usd: int


L1Action = (
    OrderAction
    | CancelAction
    | CancelCloidAction
    | ModifyAction
    | BatchModifyAction
    | ScheduleCancelAction
    | LeverageAction
    | IsolatedMarginAction
    | NoopAction
    | SubAccountTransferAction
)
USER_SIGNED = {
    "usdClassTransfer": (
        "UsdClassTransfer",
        ("hyperliquidChain:string", "amount:string", "toPerp:bool", "nonce:uint64"),
    ),
    "approveAgent": (
        "ApproveAgent",
        ("hyperliquidChain:string", "agentAddress:address", "agentName:string", "nonce:uint64"),
    ),
}
FORBIDDEN = frozenset({"usdSend", "spotSend", "withdraw3", "sendAsset"})
"""What a trading client must never send."""


class Signature(msgspec.Struct):
    r: str
    s: str
    v: int


class Body(msgspec.Struct):
    """The envelope of `POST /exchange`."""

    action: dict[str, Any]
    nonce: Uint64
    signature: Signature
    vaultAddress: Annotated[str, msgspec.Meta(pattern=ADDRESS)] | None = None  # noqa: N815
    expiresAfter: Uint64 | None = None  # noqa: N815


def read_body(raw: bytes) -> Body:
    """The envelope of a request.

    Raises:
        Unreadable: it is none.
    """
    try:
        body = msgspec.json.decode(raw, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(body.action.get("type"), str):
        raise Unreadable("an action without a type")
    return body


def read_action(action: dict[str, Any]) -> L1Action:
    """An action in its canonical form.

    Raises:
        Unreadable: its type or a field is unknown or wrong.
    """
    try:
        read: L1Action = msgspec.convert(action, L1Action)
        canonical: L1Action = _canonical(read)
    except (msgspec.ValidationError, InvalidOperation, ValueError) as error:
        raise Unreadable(str(error)) from error
    return canonical


def items_of(action: Any) -> int:
    """How many orders or cancels an action holds."""
    for name in ("orders", "cancels", "modifies"):
        if hasattr(action, name):
            return len(getattr(action, name))
    return 1


def _canonical(action: Any) -> Any:
    match action:
        case OrderAction():
            builder = action.builder or UNSET
            if isinstance(builder, Builder):
                builder = structs.replace(builder, b=builder.b.lower())
            orders = [_order(order) for order in action.orders]
            return structs.replace(action, orders=orders, builder=builder)
        case CancelCloidAction():
            cancels = [
                structs.replace(item, cloid=checked_cloid(item.cloid)) for item in action.cancels
            ]
            return structs.replace(action, cancels=cancels)
        case ModifyAction():
            return structs.replace(action, oid=_target(action.oid), order=_order(action.order))
        case BatchModifyAction():
            modifies = [Modify(_target(item.oid), _order(item.order)) for item in action.modifies]
            return structs.replace(action, modifies=modifies)
        case ScheduleCancelAction(time=None):
            return ScheduleCancelAction()
        case SubAccountTransferAction():
            return structs.replace(action, subAccountUser=action.subAccountUser.lower())
        case _:
            return action


def _order(order: OrderWire) -> OrderWire:
    kind = order.t
    if (kind.limit is UNSET) == (kind.trigger is UNSET):
        raise ValueError("an order is either limit or trigger")
    if isinstance(kind.trigger, Trigger):
        price = _number(kind.trigger.triggerPx)
        kind = Kind(trigger=structs.replace(kind.trigger, triggerPx=price))
    cloid = checked_cloid(order.c) if isinstance(order.c, str) else UNSET
    return structs.replace(order, p=_number(order.p), s=_number(order.s), t=kind, c=cloid)


def _number(number: str) -> str:
    value = Decimal(number)
    if not value.is_finite() or value.is_signed():
        raise ValueError(f"not a number: {number}")
    return stripped(number)


def _target(oid: int | str) -> int | str:
    return checked_cloid(oid) if isinstance(oid, str) else oid


def checked_cloid(cloid: str) -> str:
    """A client id, in small letters.

    Raises:
        ValueError: it isn't 0x and 32 hex digits.
    """
    if len(cloid) != 34 or not cloid.startswith("0x"):
        raise ValueError(f"not a cloid: {cloid}")
    int(cloid, 16)
    return cloid.lower()
