"""The form: TOML to Structs, with places for errors."""
