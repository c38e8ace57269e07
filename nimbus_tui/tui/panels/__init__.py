"""Widgets that paint what view-models say."""
