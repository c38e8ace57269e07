"""Signs actions and posts them: over the WebSocket while it stands, else by REST. Each once.

Source: the protocol reference, "WebSocket: Post requests over the socket". A post whose connection
is lost may have been carried out.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from nimbus_tui.core.errors import ExchangeError, NoAnswer, NotConnected
from nimbus_tui.exchanges.hyperliquid.access import Access
from nimbus_tui.exchanges.hyperliquid.nonces import Nonces
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.hyperliquid.secp256k1 import Signer
from nimbus_tui.exchanges.hyperliquid.signing import Network, sign_action
from nimbus_tui.exchanges.hyperliquid.stream import StreamSession
from nimbus_tui.exchanges.hyperliquid.wire import Post
from nimbus_tui.exchanges.hyperliquid.wire_actions import L1Action, Signed
from nimbus_tui.exchanges.net.http import HttpReply

ANSWER_WITHIN_S = 10.0
MOST_POSTS = 90
"""The venue takes a hundred at once."""
_OK = 200
_SERVER_ERROR = 500

SendText = Callable[[str], Awaitable[None]]
"""Sends one message over the socket; NotConnected if it didn't leave, NoAnswer if it may have."""


class Posting:
    """The way of an account's actions to the venue."""

    def __init__(
        self, rest: Rest, session: StreamSession, send: SendText, network: Network
    ) -> None:
        self._rest = rest
        self._session = session
        self._send = send
        self._network = network
        self._access: Access | None = None
        self._signer: Signer | None = None
        self._nonces: Nonces | None = None

    def open(self, signer: Signer, nonces: Nonces, access: Access) -> None:
        """From now on actions can be signed."""
        self._signer, self._nonces, self._access = signer, nonces, access

    async def post(self, action: L1Action, deadline_ms: int | None = None) -> HttpReply:
        """Sign an action and send it once; its weight has been spent already.

        Raises:
            NoAnswer: none came; says whether the action may have been carried out.
            ExchangeError: it can't be signed, and has not left.
        """
        if self._signer is None or self._nonces is None or self._access is None:
            raise ExchangeError("there is no key to sign with; give the exchange a `secret`")
        signed = sign_action(
            action,
            self._signer,
            self._network,
            nonce=self._nonces.take(),
            vault_address=self._access.vault_address,
            expires_after=deadline_ms,
        )
        if self._session.is_ready and self._session.posts_in_flight < MOST_POSTS:
            try:
                return await self._over_socket(signed)
            except NotConnected:
                pass  # it has not left
        return await self._rest.exchange(signed)

    async def _over_socket(self, signed: Signed) -> HttpReply:
        answer: asyncio.Future[Post.Answer.Response | None]
        answer = asyncio.get_running_loop().create_future()

        def answered(response: Post.Answer.Response | None) -> None:
            if not answer.done():
                answer.set_result(response)

        number, text = self._session.post("action", msgspec.json.encode(signed), answered)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._send(text)
                response = await answer
        except TimeoutError as error:
            raise NoAnswer(True, f"no answer within {ANSWER_WITHIN_S:g} s") from error
        finally:
            self._session.forget(number)
        if response is None:
            raise NoAnswer(True, "the connection was lost before the answer came")
        reply = _reply(response)
        self._rest.heed(reply)
        return reply


def _reply(response: Post.Answer.Response) -> HttpReply:
    """What REST would have answered; an error's text begins with the status it would have had."""
    if response.type == "action":
        return HttpReply(_OK, bytes(response.payload))
    try:
        text = msgspec.json.decode(bytes(response.payload), type=str)
    except ValueError:
        text = bytes(response.payload).decode("utf-8", "replace")
    head = text.split(" ", 1)[0]
    status = int(head) if head.isdecimal() and len(head) == 3 else _SERVER_ERROR
    return HttpReply(status, text.encode())
