"""The page for people: what the service knows, told in plain HTML that needs no script."""
