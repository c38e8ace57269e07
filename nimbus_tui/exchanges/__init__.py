"""The doors: venue bytes to our words and back."""
