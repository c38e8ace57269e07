"""The counter: commands, snapshots and the client that carries them."""
