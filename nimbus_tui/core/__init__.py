"""The words: values that every room speaks."""
