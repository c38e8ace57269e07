"""`POST /control`: what a test in another process asks of the server.

A body is `{"call": name, …arguments}`, numbers as strings; the answer is JSON, or 400 and words.
"""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.exchanges.hyperliquid.server import states
from tests.exchanges.hyperliquid.server.faults import Fault, SocketFault

if TYPE_CHECKING:
    from tests.exchanges.hyperliquid.server.server import HyperliquidServer

NUMBERS = frozenset({"px", "volume", "mark", "rate", "size", "usdc"})


class Control:
    """Carries the calls out."""

    def __init__(self, server: "HyperliquidServer") -> None:
        self._server = server
        self._calls = {
            name.removeprefix("call_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("call_")
        }

    async def answer(self, request: web.Request) -> web.Response:
        """One call."""
        try:
            asked = json.loads(await request.read())
            call = self._calls[asked.pop("call")]
            numbers = {
                name: Decimal(value)
                for name, value in asked.items()
                if name in NUMBERS and value is not None
            }
            told = await call(**asked | numbers)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            return web.Response(status=400, text=f"{error!r}")
        return web.json_response(told)

    async def call_move(self, coin: str, px: Decimal, **more: Any) -> str:
        """Move a market; the price that was reached."""
        return str(await self._server.move(coin, px, **more))

    async def call_mark(self, coin: str, mark: Decimal) -> None:
        """Set a mark price."""
        await self._server.set_mark(coin, mark)

    async def call_fund(
        self, address: str, usdc: Decimal = Decimal(10_000), spot: Any = None, **more: Any
    ) -> None:
        """Give an address money."""
        held = {token: Decimal(amount) for token, amount in (spot or {}).items()}
        self._server.fund(address, usdc, spot=held, **more)

    async def call_funding(self, coin: str, rate: Decimal | None = None) -> None:
        """Pay funding."""
        await self._server.pay_funding(coin, rate)

    async def call_liquidate(self, address: str, coin: str) -> None:
        """Liquidate a position."""
        await self._server.liquidate(address, coin)

    async def call_deleverage(self, address: str, coin: str, size: Decimal | None = None) -> None:
        """Close a position by ADL."""
        await self._server.deleverage(address, coin, size)

    async def call_script(self, fault: str, **more: Any) -> None:
        """Script a fault, by its words."""
        self._server.faults.script(Fault(fault), **more)

    async def call_chance(self, faults: list[str] | None = None, **more: Any) -> None:
        """Let faults come by chance."""
        kinds = [Fault(fault) for fault in faults] if faults else tuple(Fault)
        self._server.faults.by_chance(faults=kinds, **more)

    async def call_clear(self) -> None:
        """No more faults."""
        self._server.faults.clear()
        sockets = self._server.sockets
        sockets.muted.clear()
        sockets.muted_channels.clear()
        sockets.refuses = sockets.deaf = False

    async def call_socket(
        self,
        fault: str,
        times: int = 1,
        on: bool = True,
        later: bool = False,
        channel: str = "",
    ) -> None:
        """Do something to the sockets, by the words of the fault.

        `on` false ends what lasts; `times` is for broken frames; with `later`, sockets that are
        opened later are dead too; `channel` is the one that falls silent.
        """
        sockets, kind = self._server.sockets, SocketFault(fault)
        match kind:
            case SocketFault.DROP | SocketFault.CLOSE:
                sockets.drop(clean=kind is SocketFault.CLOSE)
            case SocketFault.DEAD:
                sockets.deaden(new_ones=later)
            case SocketFault.REFUSE:
                sockets.refuses = on
            case SocketFault.MUTE_USER | SocketFault.MUTE_MARKET:
                (sockets.muted.add if on else sockets.muted.discard)(kind)
            case SocketFault.MUTE_CHANNEL:
                (sockets.muted_channels.add if on else sockets.muted_channels.discard)(channel)
            case _:
                sockets.break_frames(kind, times)

    async def call_clock(self, offset_ms: int) -> None:
        """Let the venue's clock differ."""
        self._server.world.time.offset_ms = offset_ms

    async def call_post_only(self, on: bool = True) -> None:
        """Take nothing but post-only orders."""
        self._server.world.post_only = on

    async def call_budget(self, address: str, free_requests: int) -> None:
        """Set how many requests an address has for nothing."""
        self._server.account(address).free_requests = free_requests

    async def call_readings(self, **changes: Any) -> None:
        """Read open points differently, change limits."""
        for name, value in changes.items():
            kind = type(getattr(self._server.world.readings, name))
            setattr(self._server.world.readings, name, kind(value))

    async def call_audit(self) -> Any:
        """Violations, counts of actions and of faults."""
        audit = self._server.audit
        return {
            "violations": [violation.told() for violation in audit.violations],
            "actions": dict(audit.actions),
            "faults": {f.value: count for f, count in self._server.faults.happened.items()},
        }

    async def call_account(self, address: str) -> Any:
        """Everything about an account: state, orders ever, fills ever."""
        world, account = self._server.world, self._server.account(address)
        return {
            "clearinghouseState": states.clearinghouse(world, account),
            "spotState": states.spot(world, account),
            "orders": [order.record() for order in account.orders],
            "fills": account.fills,
            "fundings": account.fundings,
            "volume": str(account.volume),
            "requests": account.requests,
        }

    async def call_save(self) -> None:
        """Write the state now."""
        self._server.save()
