"""The orders of one bot that may still rest: one per key."""

from collections.abc import Iterator, Mapping

from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.ids import ClientOrderId, OrderKey
from nimbus_tui.core.order import Order


class LiveOrders(Mapping[OrderKey, Order]):
    """Live orders by key, also found by client id. Final orders leave it by themselves."""

    def __init__(self, orders: tuple[Order, ...] = ()) -> None:
        self._by_key: dict[OrderKey, Order] = {}
        self._keys: dict[ClientOrderId, OrderKey] = {}
        for order in orders:
            self.put(order)

    def __getitem__(self, key: OrderKey) -> Order:
        return self._by_key[key]

    def __iter__(self) -> Iterator[OrderKey]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def by_client_id(self, client_order_id: ClientOrderId) -> Order | None:
        """The live order with this id."""
        key = self._keys.get(client_order_id)
        return None if key is None else self._by_key[key]

    def put(self, order: Order) -> None:
        """Take in a new state of an order; a final one is forgotten.

        Raises:
            InvariantViolated: another order lives under the same key.
        """
        known = self._by_key.get(order.key)
        if known is not None and known.client_order_id != order.client_order_id:
            if order.is_live:
                raise InvariantViolated(
                    f"{order.bot_id} {order.key}: two live orders under one key"
                )
            return
        if order.is_live:
            self._by_key[order.key] = order
            self._keys[order.client_order_id] = order.key
        elif known is not None:
            del self._by_key[order.key]
            del self._keys[order.client_order_id]
