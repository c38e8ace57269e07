"""A paper venue that says of itself what a test tells it to, and has what paper lacks."""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    OrderRequest,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.base import ConnectionStatus, StreamHeard
from nimbus_tui.exchanges.paper.adapter import PaperExchange

MINUTE_NS = 60 * NS_PER_SECOND
PONG_S = 5
"""How often the venue of these tests answers a ping, while its user channel lives."""


class ToldVenue(PaperExchange):
    """The honest paper exchange behind answers and figures that a test has chosen."""

    capabilities = msgspec.structs.replace(
        PaperExchange.capabilities, leverage=True, dead_man_switch=True
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.placed: list[OrderRequest] = []
        self.cancelled: list[CancelRequest] = []
        self.refuses: Callable[[OrderRequest], Refused | None] = lambda _: None
        self.clock_offset_ms: float | None = None
        self.has_user_channels = False
        self.dead_since: int | None = None
        """Since when nothing is heard on the user channels, not even a pong."""
        self.requests_a_minute = 0
        """The budget; 0: nothing is counted."""
        self._requests: deque[int] = deque()
        self.leverage_asked: list[tuple[str, int, MarginMode]] = []
        self.leverage_problem: str = ""
        self.switch_asked: list[tuple[int, float | None]] = []
        """When the dead-man's switch was to be set, and to what."""
        self.switch_answer: Refused | Unknown | None = None
        self.fires_at: int | None = None
        """When the venue would cancel everything."""

    # what it says of itself

    def connection_status(self) -> ConnectionStatus:
        return msgspec.structs.replace(
            super().connection_status(),
            clock_offset_ms=self.clock_offset_ms,
            streams=self._streams(),
            rate_used=self._used(),
        )

    def _streams(self) -> tuple[StreamHeard, ...]:
        if not self.has_user_channels:
            return ()
        now = self._clock.now() if self.dead_since is None else self.dead_since
        pong = now // (PONG_S * NS_PER_SECOND) * PONG_S * NS_PER_SECOND
        return (StreamHeard("own orders", pong), StreamHeard("own fills", pong + NS_PER_MS))

    def _used(self) -> float:
        if not self.requests_a_minute:
            return 0.0
        while self._requests and self._requests[0] <= self._clock.now() - MINUTE_NS:
            self._requests.popleft()
        return len(self._requests) / self.requests_a_minute

    def _counts(self) -> Refused | None:
        """Count a request; one beyond the budget is refused, as with 429."""
        if self.requests_a_minute and self._used() >= 1:
            return Refused(RefusalKind.BUSY, "too many requests")
        self._requests.append(self._clock.now())
        return None

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        self.placed.append(request)
        return self._counts() or self.refuses(request) or await super().place_order(request)

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        self.cancelled.append(request)
        return self._counts() or await super().cancel_order(request)

    # the account

    async def set_leverage(
        self, symbol: str, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        self.leverage_asked.append((symbol, leverage, margin_mode))
        if self.leverage_problem:
            raise ExchangeError(self.leverage_problem)

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        now = self._clock.now()
        self.switch_asked.append((now, seconds))
        if self.switch_answer is None:
            self.fires_at = None if seconds is None else now + int(seconds * NS_PER_SECOND)
        return self.switch_answer
