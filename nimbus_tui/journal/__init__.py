"""The memory: what happened, durably."""
