"""The handles: one file per command group."""
