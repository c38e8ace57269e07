"""Rows that are made when they come into sight: a long table costs what is visible of it."""

from collections.abc import Callable, Sequence
from typing import overload

from nimbus_tui.tui.viewmodels.lines import Line


class LazyRows(Sequence[Line]):
    """As many rows as there are names; each is made when it is asked for."""

    def __init__(self, names: Sequence[str], make: Callable[[str], Line]) -> None:
        self._names = names
        self._make = make

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._names)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | Sequence[Line]:
        """One row or several."""
        if isinstance(at, slice):
            return [self._make(name) for name in self._names[at]]
        return self._make(self._names[at])
