"""Backtest: past seasons forecast match by match, each by fits on what was known before."""
