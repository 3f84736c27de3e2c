"""The betting market: what bookmakers' odds say about a match."""
