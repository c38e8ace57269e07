"""The worlds: backtests and made-up or replayed prices."""
