"""Simulated days: the real project on a clock that is moved, with a fault a day."""
