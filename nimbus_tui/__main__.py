"""`python -m nimbus_tui` is `nimbus-tui`."""

from nimbus_tui.cli.main import main

main()
