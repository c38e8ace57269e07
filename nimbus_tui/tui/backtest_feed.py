"""Backtests as their screen knows them: what is chosen, the runs, and what came of them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from nimbus_tui.control.backtests import (
    BacktestResult,
    BacktestRun,
    BacktestSetup,
    RunState,
)
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.viewmodels.backtest_form import Form, grids, request_of, sweep_of

LOOK_S = 0.25
"""How often is looked how far the runs are, while any runs."""
ANSWER_WITHIN_S = 15.0

_Ask = Callable[[EngineClient], Coroutine[Any, Any, None]]


class BacktestFeed:
    """Asks the engine in the background, one thing after the other; keys only leave wishes."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.form = Form()
        self.runs: tuple[BacktestRun, ...] = ()
        self.results: dict[int, BacktestResult] = {}
        self.marked: tuple[int, ...] = ()
        """The runs that are compared, two at most."""
        self.problem = ""
        """Why the engine could not be asked; empty while it can."""
        self.version = 0
        """Changes with everything that can be seen."""
        self._asks: list[_Ask] = []
        self._wanted = asyncio.Event()

    # wishes

    def open(self) -> None:
        """The screen was opened."""
        setup = self.form.setup
        if setup is None or setup.problem:
            self.choose_config(setup.config if setup is not None else "")
        self._wish(self._look)

    def choose_config(self, path: str) -> None:
        """Another config; empty = the engine's own. The files stay chosen, by their symbol."""

        async def ask(client: EngineClient) -> None:
            setup = await client.backtest_setup(path)
            self._change(self.form._replace(setup=setup, swept=None))

        self._wish(ask)

    def choose_file(self, symbol: Symbol, path: str) -> None:
        """The prices of a symbol."""
        self._change(self.form._replace(files={**self.form.files, symbol: path}))

    def turn_sweep(self) -> None:
        """No sweep, then each grid in turn."""
        names = [None, *(bot.bot_id for bot in grids(self.form.setup))]
        at = names.index(self.form.swept) if self.form.swept in names else 0
        swept = names[(at + 1) % len(names)]
        bot = next((one for one in grids(self.form.setup) if one.bot_id == swept), None)
        spacings, levels = sweep_of(bot) if bot is not None else ("", "")
        self._change(self.form._replace(swept=swept, spacings=spacings, levels=levels))

    def write(self, kind: str, text: str) -> None:
        """The spacings or the levels of a sweep."""
        self._change(
            self.form._replace(spacings=text)
            if kind == "spacings"
            else self.form._replace(levels=text)
        )

    def run(self) -> str:
        """Begin what is chosen; returns why not, empty if it is under way."""
        request = request_of(self.form)
        if isinstance(request, str):
            return request

        async def ask(client: EngineClient) -> None:
            await client.run_backtest(request)
            await self._look(client)
            await self._remember(client)

        self._wish(ask)
        return ""

    def cancel(self, number: int) -> None:
        """End a run."""

        async def ask(client: EngineClient) -> None:
            await client.cancel_backtest(number)
            await self._look(client)

        self._wish(ask)

    def mark(self, number: int) -> None:
        """Mark a run, or take its mark away; of three the oldest mark goes."""
        marked = tuple(one for one in self.marked if one != number)
        self.marked = marked if number in self.marked else (*marked, number)[-2:]
        self.changed()

    def changed(self) -> None:
        """Something is to be painted."""
        self.version += 1
        self._feed.changed = True

    def _change(self, form: Form) -> None:
        self.form = form
        self.changed()

    def _wish(self, ask: _Ask) -> None:
        self._asks.append(ask)
        self._wanted.set()

    # what is known

    @property
    def setup(self) -> BacktestSetup | None:
        """What can be run."""
        return self.form.setup

    def is_running(self) -> bool:
        """Whether any run is under way."""
        return any(run.state is RunState.RUNNING for run in self.runs)

    # asking

    async def follow(self, client: EngineClient) -> None:
        """Carry out wishes, and look how far the runs are, for as long as the screen lives."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S if self.is_running() else None):
                    await self._wanted.wait()
            except TimeoutError:
                self._asks.append(self._look)
            self._wanted.clear()
            while self._asks:
                await self._carry_out(client, self._asks.pop(0))

    async def _carry_out(self, client: EngineClient, ask: _Ask) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await ask(client)
        except TimeoutError:
            self._fails("the engine does not answer")
        except NimbusError as error:
            self._fails(str(error))
        except Exception as error:  # the screen's edge: it says so and goes on
            self._fails(f"its answer can't be read ({type(error).__name__}: {error})")
        else:
            if self.problem:
                self._fails("")

    def _fails(self, problem: str) -> None:
        self.problem = problem
        self.changed()

    async def _look(self, client: EngineClient) -> None:
        runs = tuple(await client.backtests())
        for run in runs:
            is_single = run.request.sweep is None
            if run.state is RunState.DONE and is_single and run.number not in self.results:
                result = await client.backtest_result(run.number)
                if result is not None:
                    self.results[run.number] = result
        if runs != self.runs:
            self.runs = runs
            self.changed()

    async def _remember(self, client: EngineClient) -> None:
        """The folders of what was chosen are known now: offer what else is in them."""
        if self.form.setup is not None:
            setup = await client.backtest_setup(self.form.setup.config)
            self._change(self.form._replace(setup=setup))
