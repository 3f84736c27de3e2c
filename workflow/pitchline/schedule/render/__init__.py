"""The table written down for other engines: crontab, systemd, GitHub's workflows.

Each gives file names with their content; all call ``pitchline run``, so the turns, the limit and
the ledger are the same whoever keeps the time.
"""
