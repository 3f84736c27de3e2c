"""Files of an earlier model out of DVC, by their MD5: from its cache, or from its remote.

`dvc pull` brings what dvc.lock names, and that is the newest candidate. A champion may be older;
its files still lie in the cache and the remote they were once pushed to.
"""

import contextlib
import io
import logging
from collections.abc import Iterable
from pathlib import Path

DVC_FOLDER = Path(".dvc")
USUAL_CACHE = DVC_FOLDER / "cache"


def cache_folder() -> Path:
    """The folder of DVC's cache that holds files by their MD5; its place can be configured."""
    from dvc.config import Config

    place = Config(str(DVC_FOLDER))["cache"].get("dir", USUAL_CACHE)
    return Path(place) / "files" / "md5"


def cached(md5: str) -> Path:
    """Where the cache has a file, if it has it."""
    return cache_folder() / md5[:2] / md5[2:]


def fetch(md5s: Iterable[str]) -> bool:
    """Bring files from DVC's default remote into the cache.

    Returns:
        Whether all are there now; False where no remote is set, it can't be reached or lacks one.
    """
    from dvc.config import Config

    remote = Config(str(DVC_FOLDER)).get("core", {}).get("remote")
    if not remote:
        return False
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo

    wanted = list(md5s)
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()), Repo() as repo:
            repo.cloud.pull([HashInfo("md5", md5) for md5 in wanted])
    except Exception:  # noqa: BLE001 each kind of remote raises its own; all mean: not fetched
        return False
    return all(cached(md5).is_file() for md5 in wanted)
