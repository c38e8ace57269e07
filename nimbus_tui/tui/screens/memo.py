"""Remembers what a panel was last made from, so that it is made anew only when that changes."""


class Memo:
    """Inputs of panels, by the panel's name."""

    def __init__(self) -> None:
        self._made_from: dict[str, tuple[object, ...]] = {}

    def is_new(self, name: str, *made_from: object) -> bool:
        """Whether a panel's inputs differ from the last time it was asked about."""
        if self._made_from.get(name) == made_from:
            return False
        self._made_from[name] = made_from
        return True
