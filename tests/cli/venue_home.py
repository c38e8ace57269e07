"""A user's folder with a config whose venue is a local Hyperliquid, and the program beside it."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.endpoints import WEIGHT_PER_MINUTE
from nimbus_tui.exchanges.net.budget import Budgets
from tests.exchanges.hyperliquid.server.sdk import MASTER, MASTER_KEY
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

PATIENCE_S = 60.0

BOT = """
[bots.eth]
strategy = "grid"
exchange = "hl"
symbol = "ETH/USDC:USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""


class VenueHome:
    """The folder, the venue, and the processes that a test has started."""

    def __init__(self, folder: Path, server: HyperliquidServer) -> None:
        self.folder = folder
        self.server = server
        self.config = folder / "bots.toml"
        self.home = folder / "home"
        self.environment = os.environ | {"NIMBUS_HOME": str(self.home), "HL_KEY": MASTER_KEY}
        self.processes: list[asyncio.subprocess.Process] = []
        self.network = "testnet"
        self._market: asyncio.Task[None] | None = None

    def wander(self) -> None:
        """Let ETH trade up and down from now on."""
        self._market = asyncio.get_running_loop().create_task(self._trade())

    async def _trade(self) -> None:
        for step in itertools.count():
            await self.server.move("ETH", Decimal(2_400) + step % 7, volume=Decimal(1))
            await asyncio.sleep(0.1)

    def venue(self, *lines: str) -> str:
        """The table of the venue."""
        urls = f'rest_url = "{self.server.rest_url}"\nws_url = "{self.server.ws_url}"\n'
        head = f'[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "{self.network}"\n'
        return head + urls + "".join(f"{line}\n" for line in lines)

    def account(self) -> tuple[str, str]:
        """The keys of an account that has money there."""
        self.server.fund(MASTER, Decimal(10_000))
        return f'account = "{MASTER}"', 'secret = "env:HL_KEY"'

    def write(self, text: str) -> None:
        """Write the config."""
        self.config.write_text(text)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start the program."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "nimbus_tui",
            *arguments,
            env=self.environment,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    async def call(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a whole run."""
        process = await self.start(*arguments)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def json(self, *arguments: str) -> Any:
        """The JSON document that the program prints."""
        code, out, err = await self.call(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    async def json_until(self, holds: Callable[[Any], bool], *arguments: str) -> Any:
        """Ask again until the answer is one that a test waits for."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds(found := await self.json(*arguments)):
                continue
        return found

    async def said(self, process: asyncio.subprocess.Process, words: str) -> list[str]:
        """The lines on stderr up to the one with some words."""
        lines: list[str] = []
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while not lines or words not in lines[-1]:
                line = (await process.stderr.readline()).decode()
                assert line, "".join(lines)
                lines.append(line)
        return lines

    def spent(self) -> int:
        """The weight that all programs together have asked of the venue within the last minute."""
        budgets = Budgets(LiveClock(), self.home / "budgets")
        return budgets.of(urlsplit(self.server.rest_url).netloc, WEIGHT_PER_MINUTE).spent

    async def close(self) -> None:
        """End what still runs."""
        if self._market is not None:
            self._market.cancel()
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def venue_home(folder: Path, *, mainnet: bool = False) -> AsyncIterator[VenueHome]:
    """A folder and a venue of its own for a test."""
    async with HyperliquidServer(mainnet=mainnet) as server:
        home = VenueHome(folder, server)
        yield home
        await home.close()
