"""What has left for the venue in this life: the same order never leaves twice.

The venue may take two orders with one cloid, so it can't be relied on to refuse the second.
"""

import asyncio
from collections import OrderedDict

from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import OrderRequest, OrderResponse, Refused

MOST_REMEMBERED = 20_000


class SentOrder:
    """A request that has left, and its answer once it is there."""

    def __init__(self, request: OrderRequest, answer: asyncio.Future[OrderResponse]) -> None:
        self.request = request
        self.answer = answer


class SentOrders:
    """The newest of them, by our ids, also those that the venue has refused.

    A second order with the id of a refused one could not be told from it in a look-up.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[ClientOrderId, SentOrder] = OrderedDict()

    def get(self, identity: ClientOrderId) -> SentOrder | None:
        """What was sent under an id."""
        return self._sent.get(identity)

    def request(self, identity: ClientOrderId) -> OrderRequest | None:
        """The terms that were sent under an id."""
        sent = self._sent.get(identity)
        return None if sent is None else sent.request

    def remember(self, request: OrderRequest) -> SentOrder:
        """An order is about to leave."""
        future: asyncio.Future[OrderResponse] = asyncio.get_running_loop().create_future()
        sent = self._sent[request.client_order_id] = SentOrder(request, future)
        while len(self._sent) > MOST_REMEMBERED:
            self._sent.popitem(last=False)
        return sent

    def answered(self, sent: SentOrder, answer: OrderResponse) -> None:
        """What became of it."""
        if not sent.answer.done():
            sent.answer.set_result(answer)

    def stayed(self, sent: SentOrder, answer: Refused) -> None:
        """It has not left after all, and may another time."""
        if self.get(sent.request.client_order_id) is sent:
            del self._sent[sent.request.client_order_id]
        self.answered(sent, answer)
