"""A bare WebSocket client for the server's own tests, and its control counter."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PATIENCE_S = 5.0


class Listener:
    """One socket; frames are read as they come."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.greeting = ""

    async def say(self, message: Any) -> None:
        """Send JSON."""
        await self.socket.send_str(json.dumps(message))

    async def subscribe(self, kind: str, **named: Any) -> Any:
        """Subscribe; the acknowledged subscription."""
        await self.say({"method": "subscribe", "subscription": {"type": kind, **named}})
        return (await self.next("subscriptionResponse"))["data"]["subscription"]

    async def post(self, number: int, kind: str, payload: Any) -> Any:
        """Ask over the socket; the response."""
        await self.say(
            {"method": "post", "id": number, "request": {"type": kind, "payload": payload}}
        )
        return (await self.next("post"))["data"]

    async def raw(self) -> aiohttp.WSMessage:
        """The next message of any kind."""
        return await self.socket.receive(PATIENCE_S)

    async def next(self, channel: str) -> Any:
        """The next frame of a channel; others are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, message
                frame = json.loads(message.data)
                if frame["channel"] == channel:
                    return frame

    async def pings(self) -> list[Any]:
        """All frames until the answer to a ping."""
        await self.say({"method": "ping"})
        frames = []
        while (frame := json.loads((await self.raw()).data)) != {"channel": "pong"}:
            frames.append(frame)
        return frames


@asynccontextmanager
async def listening(ws_url: str) -> AsyncIterator[Listener]:
    """A socket to the server, the greeting read."""
    async with aiohttp.ClientSession() as session, session.ws_connect(ws_url) as socket:
        listener = Listener(socket)
        listener.greeting = (await listener.raw()).data
        yield listener


async def post(url: str, body: Any) -> tuple[int, str]:
    """Post JSON, or bytes as they are; status and text."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": "application/json"}
        async with session.post(url, data=raw, headers=headers) as answer:
            return answer.status, await answer.text()


async def control(rest_url: str, call: str, **arguments: Any) -> Any:
    """One control call."""
    status, text = await post(f"{rest_url}/control", {"call": call, **arguments})
    assert status == 200, text
    return json.loads(text)
