"""The workshop: what a Python program builds with; `import nimbus_tui` offers all of it."""
