"""Hyperliquid's two REST routes: reads, one method each, and signed actions, sent once.

Source: the protocol reference, "Endpoints", "Info requests" and "Limits". Every call waits for room
in the budget of our IP address. Reads that fail on the way are tried twice; an action never is.
"""

from random import Random
from typing import Any, TypeVar

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.exchanges.hyperliquid.wire_actions import Signed
from nimbus_tui.exchanges.hyperliquid.wire_info import (
    EXCERPT,
    INFO_REPLIES,
    ActiveAssetData,
    ExchangeStatus,
    ExtraAgent,
    FundingRow,
    Meta,
    OrderStatus,
    SpotMeta,
    SpotMetaAndCtxs,
    UserFees,
    UserRateLimit,
    UserRole,
    decode_reply,
)
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    ClearinghouseState,
    FullOrder,
    L2Book,
    SpotState,
    UserFill,
)
from nimbus_tui.exchanges.net.backoff import Backoff
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.clock_offset import ClockOffset
from nimbus_tui.exchanges.net.http import HttpClient, HttpReply

TRIES = 2
"""How often a read is sent, if it fails on the way and there is time left."""
TIMEOUT_S = 10.0
_TOO_MANY = 429
_UNREADABLE = 422
_OK = 200
_SERVER_FAILED = 500
_LIGHT, _USUAL, _ROLE = 2, 20, 60
WEIGHTS = {
    "l2Book": _LIGHT,
    "allMids": _LIGHT,
    "clearinghouseState": _LIGHT,
    "orderStatus": _LIGHT,
    "spotClearinghouseState": _LIGHT,
    "exchangeStatus": _LIGHT,
    "userRole": _ROLE,
}
"""Of info requests; all others weigh 20."""
ROWS_PER_WEIGHT = {
    "userFillsByTime": 20,
    "userFunding": 20,
}
"""Rows of an answer for which a request weighs one more, begun ones counted whole."""
T = TypeVar("T")


class Rest:
    """The REST side of one network; shared by all accounts that trade there.

    `timeout_s` is for one call, apart from its wait for room in the budget. All reads raise
    `ExchangeError` if there is no answer that can be read (`NoAnswer` if there is none at all).
    `urgent` calls go first and may use the budget's reserve: look-ups of orders and recovery.
    """

    def __init__(
        self,
        http: HttpClient,
        budget: Budget,
        clock: Clock,
        url: str,
        *,
        chance: Random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._http = http
        self._budget = budget
        self._clock = clock
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._between_tries = Backoff(chance)
        self._after_429 = Backoff(chance, first_s=1.0, most_s=60.0)
        self._penalties = 0
        self.offset = ClockOffset(clock)
        """The venue's clock less ours, measured by `exchange_status`."""

    async def exchange(self, signed: Signed | bytes) -> HttpReply:
        """Post an action once, whose weight has been spent; the reply may have any status.

        Raises:
            NoAnswer: none came; says whether the action may have arrived and may be executed.
        """
        body = signed if isinstance(signed, bytes) else msgspec.json.encode(signed)
        return await self._send("exchange", body, self._timeout_s)

    async def meta(self) -> Meta:
        """All perpetuals."""
        return await self._read(Meta, "meta")

    async def spot_meta(self) -> SpotMeta:
        """All spot pairs and tokens."""
        return await self._read(SpotMeta, "spotMeta")

    async def spot_meta_and_asset_ctxs(self) -> SpotMetaAndCtxs:
        """All spot pairs, and their prices by `coin`."""
        pair: SpotMetaAndCtxs = await self._read_declared("spotMetaAndAssetCtxs")
        return pair

    async def l2_book(self, coin: str, *, urgent: bool = False) -> L2Book:
        """The book of a coin, 20 levels a side.

        Raises:
            ExchangeError: also if the venue doesn't know the coin.
        """
        book: L2Book | None = await self._read_declared("l2Book", urgent=urgent, coin=coin)
        if book is None:
            raise ExchangeError(f"Hyperliquid has no book of {coin}")
        return book

    async def clearinghouse_state(self, user: str, *, urgent: bool = False) -> ClearinghouseState:
        """The perpetual side of an account."""
        return await self._read(ClearinghouseState, "clearinghouseState", urgent=urgent, user=user)

    async def spot_state(self, user: str, *, urgent: bool = False) -> SpotState:
        """The spot side of an account."""
        return await self._read(SpotState, "spotClearinghouseState", urgent=urgent, user=user)

    async def open_orders(self, user: str, *, urgent: bool = False) -> tuple[FullOrder, ...]:
        """All open orders of an account with their triggers (`frontendOpenOrders`)."""
        return await self._read(
            tuple[FullOrder, ...], "frontendOpenOrders", urgent=urgent, user=user
        )

    async def order_status(
        self, user: str, order: int | str, *, urgent: bool = True
    ) -> OrderStatus:
        """An order by the venue's number or by its cloid."""
        return await self._read(OrderStatus, "orderStatus", urgent=urgent, user=user, oid=order)

    async def user_fills_by_time(
        self, user: str, start_ms: int, end_ms: int | None = None, *, urgent: bool = False
    ) -> tuple[UserFill, ...]:
        """At most 2000 executions from `start_ms` on, both ends included, in no certain order."""
        return await self._read(
            tuple[UserFill, ...],
            "userFillsByTime",
            urgent=urgent,
            user=user,
            **_period(start_ms, end_ms),
        )

    async def user_funding(
        self, user: str, start_ms: int, end_ms: int | None = None
    ) -> tuple[FundingRow, ...]:
        """At most 500 funding payments from `start_ms` on."""
        return await self._read(
            tuple[FundingRow, ...], "userFunding", user=user, **_period(start_ms, end_ms)
        )

    async def user_rate_limit(self, user: str) -> UserRateLimit:
        """The address's budget of actions."""
        return await self._read(UserRateLimit, "userRateLimit", user=user)

    async def user_fees(self, user: str) -> UserFees:
        """The account's fee rates."""
        return await self._read(UserFees, "userFees", user=user)

    async def user_role(self, user: str) -> UserRole:
        """What an address is. Heavy: only at the start."""
        return await self._read(UserRole, "userRole", user=user)

    async def extra_agents(self, user: str) -> tuple[ExtraAgent, ...]:
        """The named agents of an account."""
        return await self._read(tuple[ExtraAgent, ...], "extraAgents", user=user)

    async def user_abstraction(self, user: str) -> str:
        """The account's mode; which words there are is in `account.py`."""
        return await self._read(str, "userAbstraction", user=user)

    async def active_asset_data(self, user: str, coin: str) -> ActiveAssetData:
        """The leverage set for a coin, also without a position."""
        return await self._read(ActiveAssetData, "activeAssetData", user=user, coin=coin)

    async def exchange_status(self, *, urgent: bool = False) -> ExchangeStatus:
        """The venue's clock; each answer is a sample of `offset`."""
        answer = await self._ask("exchangeStatus", {}, urgent=urgent)
        status = decode_reply(answer.body, ExchangeStatus)
        self.offset.saw(status.time, answer.sent_ns, answer.received_ns)
        return status

    async def _read(self, kind: type[T], request: str, *, urgent: bool = False, **fields: Any) -> T:
        answer = await self._ask(request, fields, urgent=urgent)
        decoded = decode_reply(answer.body, kind)
        if request in ROWS_PER_WEIGHT and isinstance(decoded, tuple):
            self._budget.charge(-(-len(decoded) // ROWS_PER_WEIGHT[request]))
        return decoded

    async def _read_declared(self, request: str, *, urgent: bool = False, **fields: Any) -> Any:
        """A read whose type is no class: a pair, or one that may be null."""
        return await self._read(INFO_REPLIES[request], request, urgent=urgent, **fields)

    async def _ask(self, request: str, fields: dict[str, Any], *, urgent: bool) -> "_Answer":
        body = msgspec.json.encode({"type": request, **fields})
        left_s = self._timeout_s
        tries = 0
        while True:
            await self._budget.take(WEIGHTS.get(request, _USUAL), urgent=urgent)
            sent_ns = self._clock.now()
            try:
                sound = await self._ask_once(request, body, left_s)
            except NoAnswer:
                tries += 1
                wait_s = self._between_tries.next_s()
                left_s -= max(0.0, (self._clock.now() - sent_ns) / NS_PER_SECOND) + wait_s
                if tries == TRIES or left_s <= 0:
                    raise
            else:
                self._between_tries.reset()
                return _Answer(sound, sent_ns, self._clock.now())
            await self._clock.sleep(wait_s)

    async def _ask_once(self, request: str, body: bytes, timeout_s: float) -> bytes:
        """The body of a sound reply; `NoAnswer` where it is worth to ask again."""
        reply = await self._send("info", body, timeout_s)
        if reply.status == _OK:
            return reply.body
        if reply.status == _TOO_MANY:
            raise ExchangeError(f"Hyperliquid refuses {request}: too many requests (429)")
        shown = reply.body[:EXCERPT].decode("utf-8", "replace")
        if reply.status == _UNREADABLE:
            raise ExchangeError(f"Hyperliquid can't read our request {request}: {shown!r}")
        said = f"Hyperliquid answers {request} with {reply.status}: {shown!r}"
        raise NoAnswer(True, said) if reply.status >= _SERVER_FAILED else ExchangeError(said)

    async def _send(self, route: str, body: bytes, timeout_s: float) -> HttpReply:
        penalties = self._penalties
        reply = await self._http.post_json(f"{self._url}/{route}", body, timeout_s=timeout_s)
        # Of requests that were under way together, the first 429 speaks for all.
        if penalties == self._penalties:
            self.heed(reply)
        return reply

    def heed(self, reply: HttpReply) -> None:
        """Keep away for a while from a venue that has had too many requests."""
        if reply.status == _TOO_MANY:
            self._penalties += 1
            self._budget.penalise(self._after_429.next_s())
        else:
            self._after_429.reset()


class _Answer(msgspec.Struct, frozen=True):
    """A sound reply, and when it was asked for and heard; ns of our clock."""

    body: bytes
    sent_ns: int
    received_ns: int


def _period(start_ms: int, end_ms: int | None) -> dict[str, Any]:
    period: dict[str, Any] = {"startTime": start_ms}
    return period if end_ms is None else {**period, "endTime": end_ms}
