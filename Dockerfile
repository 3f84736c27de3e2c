# One image for every service of compose.yaml: both environments from their hash-pinned locks.
FROM python:3.11.11-slim-bookworm AS environments
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/pitchline
COPY Makefile pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY workflow/pitchline/__init__.py workflow/pitchline/__init__.py
RUN make environment-celery environment-prefect

FROM python:3.11.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 pitchline
WORKDIR /srv/pitchline
RUN mkdir -p .snakemake backups data logs mlruns models reports \
    && chown -R pitchline:pitchline /srv/pitchline
COPY --from=environments --chown=pitchline:pitchline /srv/pitchline/.venv .venv
COPY --from=environments --chown=pitchline:pitchline /srv/pitchline/.venv-prefect .venv-prefect
COPY --chown=pitchline:pitchline . .
USER pitchline
ENV PATH=/srv/pitchline/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1
CMD ["pitchline", "schedule", "start"]
