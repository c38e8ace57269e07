"""The safe: secrets at rest, and what must not be told."""
