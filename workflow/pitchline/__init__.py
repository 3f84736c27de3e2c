"""Pitchline: a reproducible football match-prediction pipeline."""

__version__ = "0.1.0"
