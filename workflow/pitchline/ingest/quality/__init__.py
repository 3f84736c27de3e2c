"""How good the ingested data are: rules with evidence, and one score from 0 to 1."""
