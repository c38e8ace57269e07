"""What every view with a table has: an order by a column, and a filter."""

from nimbus_tui.tui.viewmodels.table import Named, Sort, clicked_sort, column_at, next_sort


class Arranged:
    """Holds how the rows of a table are ordered and which are shown."""

    def __init__(self) -> None:
        self.filter = ""
        """What was typed to find rows."""
        self.sort: Sort | None = None
        """None = as they came."""
        self.columns: tuple[tuple[Named, int], ...] = ()
        """The columns that are visible, and how wide each is."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What the filter can ask for by name."""
        return ()

    def order_next(self) -> None:
        """Order by the next column that is visible."""
        self.sort = next_sort([column.name for column, _ in self.columns], self.sort)

    def reverse(self) -> None:
        """The other way round."""
        if self.sort is not None:
            self.sort = self.sort._replace(is_descending=not self.sort.is_descending)
        elif self.columns:
            self.sort = Sort(self.columns[0][0].name)

    def order_at(self, x: int) -> None:
        """Order by the column whose name was clicked."""
        name = column_at(self.columns, x)
        if name is not None:
            self.sort = clicked_sort(name, self.sort)

    def find(self, text: str) -> None:
        """Show only the rows that this lets through."""
        self.filter = text
