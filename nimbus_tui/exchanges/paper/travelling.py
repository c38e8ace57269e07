"""Requests on their way to the paper venue, for as long as its latency lasts."""

from collections.abc import Sequence

from nimbus_tui.core.ids import ClientOrderId, Symbol
from nimbus_tui.core.order import OrderRequest, OrderResponse


class Journey:
    """A request on its way to the venue, and the answer once it has arrived."""

    def __init__(self, request: OrderRequest, arrives_at: int) -> None:
        self.request = request
        self.arrives_at = arrives_at
        self.answer: OrderResponse | None = None


class Travelling:
    """The requests that have left and that the venue has not taken in yet."""

    def __init__(self, latency_ns: int) -> None:
        self._latency_ns = latency_ns
        self._journeys: dict[ClientOrderId, Journey] = {}

    def get(self, client_order_id: ClientOrderId) -> Journey | None:
        """The request with this id, if it is on its way."""
        return self._journeys.get(client_order_id)

    def concerns(self, symbol: Symbol) -> bool:
        """Whether a request for this symbol is on its way."""
        return any(journey.request.symbol == symbol for journey in self._journeys.values())

    def set_out(self, request: OrderRequest, now: int) -> Journey:
        """A request leaves; it arrives after the latency."""
        journey = Journey(request, now + self._latency_ns)
        self._journeys[request.client_order_id] = journey
        return journey

    def due(self, now: int) -> list[Journey]:
        """Requests whose time has come, in the order of their arrival."""
        due = [one for one in self._journeys.values() if one.arrives_at <= now]
        return sorted(due, key=lambda journey: journey.arrives_at)

    def answer(self, journeys: Sequence[Journey], answers: Sequence[OrderResponse]) -> None:
        """Let the placements know, now that what they will hear is written."""
        for journey, answer in zip(journeys, answers, strict=True):
            journey.answer = answer
            self.lose(journey)

    def lose(self, journey: Journey) -> None:
        """It is on its way no more; harmless the second time."""
        self._journeys.pop(journey.request.client_order_id, None)
