"""The columns of football-data.co.uk, which other collections took over."""
