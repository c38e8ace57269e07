"""Hyperliquid: perpetuals and spot on its own chain; every order is a signed action."""
