"""Performance: settled forecasts held against what the model itself expected of them."""
