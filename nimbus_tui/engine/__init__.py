"""The heart: joins wishes, law, steps and doors."""
