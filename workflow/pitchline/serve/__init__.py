"""Serve: the champion behind an HTTP API, swapped without dropping a request."""
