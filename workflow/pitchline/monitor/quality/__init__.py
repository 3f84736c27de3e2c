"""Quality: the trend of the data's scores, how fresh the data are, what piles up in quarantine."""
