"""Monitor: how the predictions did once the results are in."""
