"""Emergency: whether to retrain out of turn, by a written rule from what the monitors found."""
