"""Backups of what git and DVC don't carry, and their restore."""
