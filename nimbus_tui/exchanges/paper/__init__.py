"""The embedded paper exchange: a venue that keeps its own books and survives the engine."""
