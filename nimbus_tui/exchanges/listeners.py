"""Who wants to hear of something, and how to stop hearing of it."""

from collections.abc import Callable
from typing import Generic, ParamSpec

from nimbus_tui.exchanges.base import Unsubscribe

Told = ParamSpec("Told")


class Listeners(Generic[Told]):
    """Callbacks in the order they came; one that is there twice is told twice."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[Told, None]] = []

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[Told, None]) -> Unsubscribe:
        """Tell a callback from now on, until the answer is called; harmless the second time."""
        self._callbacks.append(callback)
        subscribed = True

        def unsubscribe() -> None:
            nonlocal subscribed
            if subscribed:
                subscribed = False
                self._callbacks.remove(callback)

        return unsubscribe

    def tell(self, *args: Told.args, **kwargs: Told.kwargs) -> None:
        """Tell all; who joins or leaves meanwhile is heard from the next time on.

        One that fails keeps the news from nobody else; what it raised is raised at the end.
        """
        failures: list[Exception] = []
        for callback in list(self._callbacks):
            try:
                callback(*args, **kwargs)
            except Exception as error:  # raised again below, once all have heard
                failures.append(error)
        if failures:
            raise failures[0]
