"""The schedule: one table of tasks, the runner that can be trusted, the ledger of its runs.

`due` says when a task is due, `ledger` what ran; both only read and import no table library. For
a page of runs: ``ledger.recent_runs()``, ``ledger.last_runs()``, ``due.next_dues(schedule, now)``.
"""
