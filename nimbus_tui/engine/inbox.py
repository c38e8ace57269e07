"""Where everything from outside waits for the engine: prices conflated, facts without loss."""

import asyncio
from collections import deque

import msgspec

from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.facts import Fact

Market = tuple[ExchangeName, Symbol]
"""One symbol at one venue."""


class Post(msgspec.Struct, frozen=True):
    """What was waiting: facts in the order of arrival, the newest price of each market."""

    facts: tuple[Fact, ...]
    prices: dict[Market, Quote]


class Inbox:
    """One consumer, many producers, all on the engine's loop.

    Prices take one place per market, so they can't pile up. Facts are as many as there are
    answers and executions outstanding; they are never dropped.
    """

    def __init__(self) -> None:
        self._facts: deque[Fact] = deque()
        self._prices: dict[Market, Quote] = {}
        self._arrived = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._facts or self._prices)

    def put(self, fact: Fact) -> None:
        """Take in a fact."""
        self._facts.append(fact)
        self._arrived.set()

    def put_price(self, exchange: ExchangeName, quote: Quote) -> None:
        """Take in a price; an older one of the same market that still waits is replaced."""
        self._prices[exchange, quote.symbol] = quote
        self._arrived.set()

    def take(self) -> Post:
        """Everything that waits."""
        post = Post(tuple(self._facts), self._prices)
        self._facts.clear()
        self._prices = {}
        self._arrived.clear()
        return post

    def wake(self) -> None:
        """Let the consumer look again although nothing arrived."""
        self._arrived.set()

    async def wait(self) -> None:
        """Return when something waits."""
        await self._arrived.wait()
