"""Train: tune, fit and evaluate the 1X2 model on ordered splits in time."""
