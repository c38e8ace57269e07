"""`POST /info`: what is asked, what it weighs, what is answered."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.exchanges.hyperliquid.server import budget, states
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.actions import Unreadable, checked_cloid
from tests.exchanges.hyperliquid.server.book import REPLAYED, Book
from tests.exchanges.hyperliquid.server.candles import INTERVALS, Tape
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.moving import funding_row
from tests.exchanges.hyperliquid.server.world import World

MOST_ROWS = 2000
MOST_FUNDINGS = 500
HOUR_MS = 3_600_000
MANTISSA_FIGURES = 5
LISTED_MS = 90 * 24 * HOUR_MS
"""How long ago everything was listed: there is no older funding."""
LIGHT = frozenset(
    {"l2Book", "allMids", "clearinghouseState", "orderStatus"}
    | {"spotClearinghouseState", "exchangeStatus"}
)
ROWS_PER_WEIGHT = {"candleSnapshot": 60}
Request = dict[str, Any]


def weight(kind: str, reply: Any) -> int:
    """What an answered request weighs."""
    base = 2 if kind in LIGHT else 60 if kind == "userRole" else 20
    rows = len(reply) if isinstance(reply, list) and kind not in LIGHT else 0
    return base + rows // ROWS_PER_WEIGHT.get(kind, 20)


class Desk:
    """Answers questions."""

    def __init__(self, world: World, tapes: dict[str, Tape]) -> None:
        self._world = world
        self._tapes = tapes
        self._public: dict[str, Callable[[Request], Any]] = {
            "meta": lambda _: world.universe.meta,
            "spotMeta": lambda _: world.universe.spot_meta,
            "metaAndAssetCtxs": lambda _: [world.universe.meta, self._contexts(spot=False)],
            "spotMetaAndAssetCtxs": lambda _: [
                world.universe.spot_meta,
                self._contexts(spot=True),
            ],
            "allMids": lambda _: self.mids(),
            "l2Book": self._l2_book,
            "candleSnapshot": self._candles,
            "recentTrades": lambda asked: list(self._book(asked).trades)[-REPLAYED:],
            "fundingHistory": self._funding_history,
            "exchangeStatus": lambda _: {"specialStatuses": None, "time": world.now()},
            "perpDexs": lambda _: [None],
        }
        self._private: dict[str, Callable[[Account, Request], Any]] = {
            "clearinghouseState": lambda who, _: states.clearinghouse(world, who),
            "spotClearinghouseState": lambda who, _: states.spot(world, who),
            "openOrders": lambda who, _: states.open_orders(who),
            "frontendOpenOrders": lambda who, _: states.full_orders(who),
            "orderStatus": self._order_status,
            "historicalOrders": lambda who, _: [
                order.record() for order in reversed(who.orders[-MOST_ROWS:])
            ],
            "userFills": lambda who, _: who.fills[: -MOST_ROWS - 1 : -1],
            "userFillsByTime": self._fills_by_time,
            "userFunding": self._fundings,
            "userNonFundingLedgerUpdates": self._ledger,
            "userRateLimit": lambda who, _: budget.told(who),
            "userFees": lambda who, _: states.fees(who),
            "activeAssetData": self._asset_data,
            "userRole": lambda who, _: states.role(world, who.address),
            "extraAgents": lambda who, _: [
                {"name": agent.name, "address": agent.address, "validUntil": agent.valid_until}
                for agent in who.agents
                if agent.name
            ],
            "userAbstraction": lambda who, _: who.abstraction,
            "subAccounts": self._sub_accounts,
            "portfolio": lambda _who, _: [],
        }

    def answer(self, asked: Request) -> Any:
        """The reply to a question.

        Raises:
            Unreadable: nobody can tell what is asked.
        """
        kind = asked.get("type")
        try:
            if kind in self._public:
                return self._public[kind](asked)
            if kind in self._private:
                user = asked["user"]
                if not (isinstance(user, str) and len(user) == 42):
                    raise Unreadable(f"not an address: {user}")
                return self._private[kind](self._world.account(user), asked)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"{kind}: {error!r}") from error
        raise Unreadable(f"unknown type {kind}")

    def mids(self) -> dict[str, str]:
        """The middle of every book, or its last price."""
        books = self._world.books.items()
        return {coin: text(book.last if book.mid is None else book.mid) for coin, book in books}

    def l2_book(
        self,
        coin: str,
        levels: int = 20,
        figures: int | None = None,
        mantissa: int | None = None,
    ) -> dict[str, Any]:
        """A whole book; `figures` and `mantissa` make its levels wider."""
        book = self._world.books[coin]
        step = book.step(figures, mantissa)
        sides = [book.levels(buy=buy, most=levels, step=step) for buy in (True, False)]
        return {"coin": coin, "time": self._world.now(), "levels": sides}

    def _book(self, asked: Request) -> Book:
        return self._world.books[asked["coin"]]

    def _contexts(self, *, spot: bool) -> list[dict[str, Any]]:
        books = self._world.books.values()
        return [book.context() for book in books if book.market.spot == spot]

    def _l2_book(self, asked: Request) -> Any:
        if asked["coin"] not in self._world.books:
            return None
        figures, mantissa = asked.get("nSigFigs"), asked.get("mantissa")
        if figures not in {None, 2, 3, 4, 5} or mantissa not in {None, 1, 2, 5}:
            raise Unreadable(f"nSigFigs {figures}, mantissa {mantissa}")
        if mantissa is not None and figures != MANTISSA_FIGURES:
            raise Unreadable("mantissa needs nSigFigs 5")
        return self.l2_book(asked["coin"], 20, figures, mantissa)

    def _candles(self, asked: Request) -> Any:
        wanted = asked["req"]
        if wanted["interval"] not in INTERVALS:
            raise Unreadable(f"unknown interval {wanted['interval']}")
        now = self._world.now()
        tape = self._tapes[wanted["coin"]]
        end = wanted.get("endTime")
        return tape.candles(
            wanted["interval"], wanted["startTime"], now if end is None else end, now
        )

    def _funding_history(self, asked: Request) -> Any:
        book = self._book(asked)
        now = self._world.now()
        begin, end = _span(asked, now)
        begin = max(begin, now - LISTED_MS)
        hours = range(begin // HOUR_MS, end // HOUR_MS + 1)
        rows: Iterator[dict[str, Any]] = (
            {
                "coin": book.market.coin,
                "fundingRate": text(book.funding),
                "premium": "0.0",
                "time": hour * HOUR_MS + 15,
            }
            for hour in hours
        )
        return [row for row in rows if begin <= row["time"] <= end][:MOST_FUNDINGS]

    def _order_status(self, who: Account, asked: Request) -> Any:
        target = asked["oid"]
        if isinstance(target, str):
            target = checked_cloid(target)
        return states.order_status(self._world, who, target)

    def _fills_by_time(self, who: Account, asked: Request) -> Any:
        begin, end = _span(asked, self._world.now())
        rows = [fill for fill in who.fills[-10_000:] if begin <= fill["time"] <= end]
        return (rows[::-1] if asked.get("reversed") else rows)[:MOST_ROWS]

    def _fundings(self, who: Account, asked: Request) -> Any:
        begin, end = _span(asked, self._world.now())
        rows = [funding_row(paid) for paid in who.fundings if begin <= paid["time"] <= end]
        return rows[:MOST_FUNDINGS]

    def _ledger(self, who: Account, asked: Request) -> Any:
        begin, end = _span(asked, self._world.now())
        return [row for row in who.ledger if begin <= row["time"] <= end]

    def _asset_data(self, who: Account, asked: Request) -> Any:
        return states.asset_data(self._world, who, asked["coin"])

    def _sub_accounts(self, who: Account, asked: Request) -> Any:
        owned = [
            account
            for account in self._world.accounts.values()
            if account.role == "subAccount" and account.owner == who.address
        ]
        return [
            {
                "name": f"sub {number}",
                "subAccountUser": account.address,
                "master": who.address,
                "clearinghouseState": states.clearinghouse(self._world, account),
                "spotState": states.spot(self._world, account),
            }
            for number, account in enumerate(owned)
        ] or None


def _span(asked: Request, now: int) -> tuple[int, int]:
    end = asked.get("endTime")
    return int(asked["startTime"]), now if end is None else int(end)
