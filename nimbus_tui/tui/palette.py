"""The command palette: whatever the app offers, found by typing a part of its name."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape


class Offer(NamedTuple):
    """One command of the palette; the name may hold words from outside."""

    name: str
    help: str
    call: Callable[[], object]


class Offering(Protocol):
    """What the palette needs of an app."""

    def offers(self) -> Iterable[Offer]:
        """Every command that can be found."""
        ...


class NimbusCommands(Provider):
    """Every action, and every bot's commands by its name."""

    def _offers(self) -> Iterable[Offer]:
        return cast("Offering", self.app).offers()

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for name, help_text, call in self._offers():
            yield DiscoveryHit(Content(name), call, text=name, help=escape(help_text))

    async def search(self, query: str) -> Hits:
        """What matches, best first."""
        matcher = self.matcher(query)
        for name, help_text, call in self._offers():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(name), call, text=name, help=escape(help_text))
