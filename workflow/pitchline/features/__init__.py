"""Features: what was known of every match at its kick-off, and nothing later."""
