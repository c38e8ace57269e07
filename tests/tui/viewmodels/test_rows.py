from nimbus_tui.tui.viewmodels.lines import Cell, Line
from nimbus_tui.tui.viewmodels.rows import LazyRows


def test_only_rows_that_are_asked_for_are_made() -> None:
    made: list[str] = []

    def make(name: str) -> Line:
        made.append(name)
        return (Cell(name),)

    rows = LazyRows([f"bot-{number}" for number in range(1000)], make)
    assert len(rows) == 1000
    assert rows[5:7] == [(Cell("bot-5"),), (Cell("bot-6"),)]
    assert rows[999] == (Cell("bot-999"),)
    assert made == ["bot-5", "bot-6", "bot-999"]
