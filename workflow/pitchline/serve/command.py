"""``pitchline serve``: the API on a port."""

import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.params import load


@click.command()
@click.option("--host", default=None, help="Address to listen on; else PITCHLINE_SERVE_HOST.")
@click.option("--port", type=int, default=None, help="Port; else PITCHLINE_SERVE_PORT.")
@click.option("--workers", type=int, default=None, help="Processes; else PITCHLINE_SERVE_WORKERS.")
@click.pass_obj
def serve(params_file: Path, host: str | None, port: int | None, workers: int | None) -> None:
    """Answer over HTTP with the champion; docs/serving.md tells the settings."""
    from pitchline.serve.log import config
    from pitchline.serve.settings import MEASURES_FOLDER, PREFIX, read_settings

    load(params_file)
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    # The workers read their settings from the environment, as this process does.
    os.environ |= {f"{PREFIX}{name}": str(told) for name, told in given.items() if told is not None}
    settings = read_settings(os.environ)
    if not layout.CHAMPION.exists():
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet. Run `snakemake --cores 2 promote`."
        )
    with ExitStack() as stack:
        if settings.workers > 1:
            # Set before the library is imported, which looks for it once.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pitchline-serve-"))
            os.environ[MEASURES_FOLDER] = folder
        import uvicorn
        from uvicorn.config import STARTUP_FAILURE
        from uvicorn.supervisors import Multiprocess

        from pitchline.serve.connection import Connection

        told = uvicorn.Config(
            "pitchline.serve.app:create",
            factory=True,
            host=settings.host,
            port=settings.port,
            http=partial(Connection, client_seconds=settings.client_seconds),  # type: ignore[arg-type]
            workers=settings.workers,
            log_config=config(),
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=settings.grace_seconds,
        )
        if settings.workers == 1:
            server = uvicorn.Server(told)
            server.run()
            failed = not server.started
        else:
            group = Multiprocess(told, sockets=[told.bind_socket()])
            group.run()
            failed = any(each.exitcode == STARTUP_FAILURE for each in group.processes)
        if failed:
            sys.exit(STARTUP_FAILURE)
