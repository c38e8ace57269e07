"""`python -m nimbus_tui` is `nimbus-tui`."""

from nimbus_tui.cli.entry import main

main()
