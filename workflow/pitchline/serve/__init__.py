"""Serve: the champion's predictions, exact and fast, swapped while they are asked for."""
