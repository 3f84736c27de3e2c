"""Issued: the append-only log of all forecasts that were given out, by API and by pipeline."""
