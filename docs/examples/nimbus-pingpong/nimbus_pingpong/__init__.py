"""A strategy for nimbus-tui: buys under a moving mean, sells at it."""
