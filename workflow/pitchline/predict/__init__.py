"""Predict: the champion's forecasts of the next fixtures."""
