"""Collect: bring raw answers of the sources into the append-only archive."""
