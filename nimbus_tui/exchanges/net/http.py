"""Requests over HTTP: each is sent once, and a failure says whether it may have arrived."""

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec

from nimbus_tui.core.errors import NoAnswer

if TYPE_CHECKING:
    import aiohttp

KEEPALIVE_S = 90.0
"""How long an idle connection is kept; venues drop theirs after about three minutes."""
MOST_CONNECTIONS = 20
"""Open at once to all hosts; further requests wait for one within their time-out."""
MOST_BODY = 32 * 1024 * 1024
"""Bytes of an answer; the largest lists of a venue are a tenth of it."""
_CHUNK = 64 * 1024
_HEADERS = {"Content-Type": "application/json"}


class HttpReply(msgspec.Struct, frozen=True):
    """An answer, whatever its status; `sent` says whether all of the request had left by then."""

    status: int
    body: bytes
    sent: bool = True


class _Progress(SimpleNamespace):
    """How far one request has come."""

    connected = False
    sent = False


class HttpClient:
    """A pool of connections. TLS certificates are verified, redirects are not followed.

    Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`) if `trust_env`.
    """

    def __init__(self, *, trust_env: bool = True, keepalive_s: float = KEEPALIVE_S) -> None:
        self._trust_env = trust_env
        self._keepalive_s = keepalive_s
        self._session: aiohttp.ClientSession | None = None

    async def post_json(self, url: str, body: bytes, *, timeout_s: float) -> HttpReply:
        """Send a body once and wait for the answer, for at most `timeout_s` in all.

        It is never sent a second time from here, not even when a kept connection turns out to be
        dead: whoever asked decides that.

        Raises:
            NoAnswer: none came, or it broke off; says whether the request may have arrived.
        """
        import aiohttp

        progress = _Progress()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(url, body, progress)
        except TimeoutError as error:
            waited = "answer" if progress.connected else "connection"
            text = f"{url} gave no {waited} within {timeout_s:g} s"
            raise NoAnswer(progress.connected, text) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            text = f"{url} gave no answer: {reason}"
            raise NoAnswer(progress.connected, text) from error

    async def close(self) -> None:
        """Close all connections. Harmless the second time; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, url: str, body: bytes, progress: _Progress) -> HttpReply:
        request = self._opened().post(
            url, data=body, headers=_HEADERS, allow_redirects=False, trace_request_ctx=progress
        )
        async with request as reply:
            received = bytearray()
            async for chunk in reply.content.iter_chunked(_CHUNK):
                received += chunk
                if len(received) > MOST_BODY:
                    raise ValueError(f"the answer is longer than {MOST_BODY} bytes")
            return HttpReply(reply.status, bytes(received), progress.sent)

    def _opened(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=MOST_CONNECTIONS, keepalive_timeout=self._keepalive_s
                ),
                # The one time-out is that of the request; aiohttp rounds its own to whole seconds.
                timeout=aiohttp.ClientTimeout(),
                trust_env=self._trust_env,
                trace_configs=[_tracing()],
            )
        return self._session


def _tracing() -> "aiohttp.TraceConfig":
    """Marks in a request's `_Progress` what has happened; before a connection nothing can leave."""
    import aiohttp

    async def connected(_: object, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.connected = True

    async def sent(_: object, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.sent = True

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(connected)
    tracing.on_connection_reuseconn.append(connected)
    tracing.on_request_chunk_sent.append(sent)
    return tracing
