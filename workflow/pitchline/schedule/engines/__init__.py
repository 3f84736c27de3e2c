"""Other engines over the same table: Celery on Redis, and Prefect. They tell when; the runner runs.

An engine's task is one call of ``pitchline run``, whose output and exit code it passes on. Turns,
limits, retries and the record stay the runner's, so several engines may be on at once.
"""
