"""The raw archive and the tables: there, readable, with the columns they should have."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pitchline import layout
from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.errors import PitchlineError

if TYPE_CHECKING:
    import pandera.pandas as schemas


def raw(here: Installation) -> Iterator[Finding]:
    """Every pack that a manifest lists is there; `pitchline raw verify` reads them too."""
    del here
    from pitchline.collect.archive import MANIFEST, read_manifest

    sources = sorted(path.parent for path in layout.RAW.glob(f"*/{MANIFEST}"))
    packs = 0
    for source in sources:
        try:
            listed = read_manifest(source)
        except PitchlineError as failure:
            yield error(str(failure).partition(". ")[0], f"dvc checkout {layout.RAW}")
            continue
        packs += len(listed)
        lost = [pack.path for pack in listed if not (source / pack.path).is_file()]
        if lost:
            yield error(
                f"{source}: {len(lost)} of {len(listed)} packs are missing, {lost[0]} first",
                f"dvc checkout {layout.RAW}, or pitchline backup restore latest --only raw",
            )
    if sources:
        yield ok(f"{packs} packs of {len(sources)} source(s)")
    else:
        yield warning("the raw archive is empty", "snakemake --cores 1 collect")


def tables(here: Installation) -> Iterator[Finding]:
    """Every table that is here can be opened and has the columns of its model."""
    del here
    import pyarrow as pa
    import pyarrow.parquet as pq

    from pitchline.dictionary import PARTS

    models = {path: model for _, files in PARTS.values() for path, model in files.items()}
    found = [path for path in models if path.is_file()]
    for path in found:
        mend = f"rm {path}, then snakemake --cores 2 (or dvc checkout {path})"
        try:
            columns = list(pq.read_schema(path).names)
        except (pa.ArrowException, OSError) as failure:
            yield error(f"{path}: not readable ({str(failure).splitlines()[0]:.80})", mend)
            continue
        different = _different(columns, models[path].to_schema().columns.values())
        if different:
            yield error(f"{path}: other columns than its model has: {different[0]}", mend)
    if found:
        yield ok(f"{len(found)} of {len(models)} tables are here")
    else:
        yield warning("no table is here", "pitchline sync, or snakemake --cores 2")


def _different(columns: list[str], wanted: "Iterable[schemas.Column]") -> list[str]:
    """Columns that a table lacks, or has beyond its model; some of a model's are patterns."""
    left = set(columns)
    lacking = []
    for column in wanted:
        found = {c for c in columns if re.fullmatch(column.name, c)} if column.regex else set()
        found |= {column.name} & left
        if not found and column.required:
            lacking.append(column.name)
        left -= found
    return [*lacking, *sorted(left)]
