"""Drift: features and predictions of the newest weeks against the same weeks of past seasons."""
