"""Ingest: turn the raw archive into validated tables and a quality report."""
