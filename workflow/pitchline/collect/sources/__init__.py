"""One module a source; each holds it as ``SOURCE``."""
