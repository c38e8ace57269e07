"""Signed actions in Hyperliquid's words; the order of the fields is the order that is hashed.

Source: the protocol reference, "Actions (POST /exchange)". A field that is left out must not be in
the hash either, so optional fields are UNSET by default, never None.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Limit(msgspec.Struct, frozen=True):
    """How long a limit order lives: add only, at once, till cancelled."""

    tif: Literal["Alo", "Ioc", "Gtc"]


class Trigger(msgspec.Struct, frozen=True):
    """When a waiting order wakes, by the mark price."""

    isMarket: bool  # noqa: N815
    triggerPx: str  # noqa: N815
    tpsl: Literal["tp", "sl"]


class Kind(msgspec.Struct, frozen=True):
    """The `t` of an order: exactly one of the two."""

    limit: Limit | UnsetType = UNSET
    trigger: Trigger | UnsetType = UNSET


class Order(msgspec.Struct, frozen=True):
    """One order: asset, isBuy, limit price, size, reduceOnly, type, cloid."""

    a: int
    b: bool
    p: str
    s: str
    r: bool
    t: Kind
    c: str | UnsetType = UNSET


class OrderAction(msgspec.Struct, frozen=True, tag_field="type", tag="order"):
    """New orders, at most 200."""

    orders: tuple[Order, ...]
    grouping: Literal["na", "normalTpsl", "positionTpsl"] = "na"


class Cancel(msgspec.Struct, frozen=True):
    """An order to cancel: asset, oid."""

    a: int
    o: int


class CancelAction(msgspec.Struct, frozen=True, tag_field="type", tag="cancel"):
    """Cancels by the venue's ids."""

    cancels: tuple[Cancel, ...]


class CancelByCloid(msgspec.Struct, frozen=True):
    """An order to cancel by our id; other key names than `Cancel`."""

    asset: int
    cloid: str


class CancelByCloidAction(msgspec.Struct, frozen=True, tag_field="type", tag="cancelByCloid"):
    """Cancels by our ids."""

    cancels: tuple[CancelByCloid, ...]


class Modify(msgspec.Struct, frozen=True):
    """An order (oid or cloid) and what replaces it."""

    oid: int | str
    order: Order


class BatchModifyAction(msgspec.Struct, frozen=True, tag_field="type", tag="batchModify"):
    """Cancel and replace; each replacement has a new oid."""

    modifies: tuple[Modify, ...]


class ScheduleCancelAction(msgspec.Struct, frozen=True, tag_field="type", tag="scheduleCancel"):
    """The dead man's switch: all orders go at `time` (ms); without it the switch is off."""

    time: int | UnsetType = UNSET


class UpdateLeverageAction(msgspec.Struct, frozen=True, tag_field="type", tag="updateLeverage"):
    """The leverage of one perpetual."""

    asset: int
    isCross: bool  # noqa: N815
    leverage: int


class UpdateIsolatedMarginAction(
    msgspec.Struct, frozen=True, tag_field="type", tag="updateIsolatedMargin"
):
    """Margin to (+) or from (−) an isolated position, in 1e-6 USD; `isBuy` has no effect."""

    asset: int
    isBuy: bool  # noqa: N815
    ntli: int


class NoopAction(msgspec.Struct, frozen=True, tag_field="type", tag="noop"):
    """Burns a nonce, so that an order with the same one can never execute."""


L1Action = (
    OrderAction
    | CancelAction
    | CancelByCloidAction
    | BatchModifyAction
    | ScheduleCancelAction
    | UpdateLeverageAction
    | UpdateIsolatedMarginAction
    | NoopAction
)
"""What the account's key or an agent's may sign."""


class UsdClassTransferAction(msgspec.Struct, frozen=True, tag_field="type", tag="usdClassTransfer"):
    """USDC from the spot balance to the perpetual one, or back; `amount` in USD."""

    amount: str
    toPerp: bool  # noqa: N815
    nonce: int


class ApproveAgentAction(msgspec.Struct, frozen=True, tag_field="type", tag="approveAgent"):
    """Lets another key sign L1 actions of the account."""

    agentAddress: str  # noqa: N815
    agentName: str  # noqa: N815
    nonce: int


UserAction = UsdClassTransferAction | ApproveAgentAction
"""What only the account's own key may sign. There are no withdrawals and no sends, on purpose."""


class Signature(msgspec.Struct, frozen=True):
    """A recoverable signature; `r` and `s` as 64 hex digits, `v` 27 or 28."""

    r: str
    s: str
    v: int


class Signed(msgspec.Struct, frozen=True):
    """The body of `POST /exchange`."""

    action: msgspec.Raw
    nonce: int
    signature: Signature
    vaultAddress: str | None = None  # noqa: N815
    expiresAfter: int | None = None  # noqa: N815
