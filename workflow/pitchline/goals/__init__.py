"""Goals: how many each side scores, from the strengths of the teams to the grid of scores."""
