"""The keys of tables, as methods of the app."""

from nimbus_tui.tui.table_desk import TableDesk


class TableActions:
    """What the action table calls by name."""

    tables: TableDesk

    def action_filter_rows(self) -> None:
        """Let a filter be typed."""
        self.tables.ask_filter()

    def action_order_rows(self) -> None:
        """Order by the next column."""
        self.tables.order_next()

    def action_reverse_rows(self) -> None:
        """The other way round."""
        self.tables.reverse()

    def action_write_rows(self) -> None:
        """Write what is shown to a file."""
        self.tables.ask_export()

    def action_cancel_order(self) -> None:
        """Ask, then cancel the selected order."""
        self.tables.ask_cancel()
