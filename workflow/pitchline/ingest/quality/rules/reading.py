"""Rules about the bodies: could they be read, do they look as ever, do they lose nothing."""

import numpy as np
import pandas as pd

from pitchline.ingest.quality.protocol import Checked, Data, Dated, checked, nothing

COUNTED = ("source", "partition", "day", "bodies", "lines", "drifted")
# Of a season this whole, the number of matches can't fall: only a listing of a few days may.
WHOLE_LISTING = 50


class BodiesReadable:
    """Bodies set aside because no row could be taken from them."""

    name = "bodies_readable"
    meaning = "Bodies that a parser could read; the others are in quarantine."
    needs: tuple[str, ...] = ()
    dated_by: Dated = "fetch"

    def check(self, data: Data) -> Checked:
        """One thing a body."""
        aside = _faults(data, "quarantined", "reason")
        return _of_bodies(data, "bodies", aside)


class LinesReadable:
    """Lines of readable bodies that gave no row."""

    name = "lines_readable"
    meaning = "Lines of readable bodies that gave a row."
    needs: tuple[str, ...] = ()
    dated_by: Dated = "fetch"

    def check(self, data: Data) -> Checked:
        """One thing a match or faulty line."""
        return _of_bodies(data, "lines", _faults(data, "faults", "text"))


class ValuesInRange:
    """Values that no table has room for, such as xG in percent: they were left empty."""

    name = "values_in_range"
    meaning = "Lines of readable bodies whose values are all in the range of their column."
    needs: tuple[str, ...] = ()
    dated_by: Dated = "fetch"

    def check(self, data: Data) -> Checked:
        """One thing a match or faulty line."""
        return _of_bodies(data, "lines", _faults(data, "emptied", "text", "values"))


class ShapesKnown:
    """Keys no parser knows: the source changed its shape."""

    name = "shapes_known"
    meaning = "Bodies without keys that no parser knows."
    needs: tuple[str, ...] = ()
    dated_by: Dated = "fetch"

    def check(self, data: Data) -> Checked:
        """One thing a body."""
        bodies = data.placed(data.ingest["bodies"], COUNTED)
        if bodies.empty:
            return nothing()
        paths: dict[str, list[str]] = {}
        for text in data.ingest["drift"]:
            source, _, path = text.partition(": ")
            paths.setdefault(source, []).append(path)
        return checked(
            bodies,
            bodies["drifted"] / bodies["bodies"],
            lambda rows: [
                f"{drifted} of {count} bodies have keys no parser knows, of "
                f"{', '.join(paths.get(source, [])[:5]) or 'no name'}"
                for source, drifted, count in zip(
                    rows["source"], rows["drifted"], rows["bodies"], strict=True
                )
            ],
            counts=bodies["bodies"],
        )


class ResultsKept:
    """What a source told and then no longer told."""

    name = "results_kept"
    meaning = (
        "Keys whose newest body holds all the results, and of a season all the matches, that the "
        "body before it held."
    )
    needs: tuple[str, ...] = ()
    dated_by: Dated = "fetch"

    def check(self, data: Data) -> Checked:
        """One thing a key that was fetched twice."""
        growth = data.ingest["growth"]
        keys = data.placed(growth["compared"], ("source", "partition", "day", "keys"))
        if keys.empty:
            return nothing()
        fields = (
            "source", "kind", "key", "sha256", "fetched_at", "partition", "season",
            "matches", "results", "matches_before", "results_before",
        )  # fmt: skip
        told = pd.DataFrame(
            [{f: line[f] for f in fields} for line in growth["shrunk"]], columns=list(fields)
        )
        lost = (told["results_before"] - told["results"]) / told["results_before"].clip(lower=1)
        fewer = (told["matches_before"] - told["matches"]) / told["matches_before"].clip(lower=1)
        fewer = fewer.where(told["matches_before"] >= WHOLE_LISTING, 0)
        told = told.assign(bad=lost.where(lost > fewer, fewer).astype("float64"))
        told = told[told["bad"] > 0]
        told = data.placed(told.to_dict("records"), (*fields, "bad"))
        if told.empty:
            return checked(keys, np.zeros(len(keys)), counts=keys["keys"])
        message = [
            f"{kind} {key}: {matches} matches, {results} with a result, where the body before had "
            f"{matches_before} and {results_before}"
            for kind, key, matches, results, matches_before, results_before in zip(
                *(told[name] for name in ("kind", "key", *fields[-4:])), strict=True
            )
        ]
        told = told.assign(snapshot=told["sha256"], message=message)
        cell = ["source", "partition", "day"]
        of_keys = told.groupby(["kind", "key", *cell], sort=True)["bad"].max()
        share = of_keys.groupby(cell).sum().rename("lost").reset_index()
        keys = keys.merge(share.astype({"day": keys["day"].dtype}), on=cell, how="left")
        return checked(
            keys,
            (keys["lost"].fillna(0) / keys["keys"]).clip(upper=1),
            counts=keys["keys"],
            findings=told,
        )


def _faults(data: Data, field: str, text: str, *more: str) -> pd.DataFrame:
    """Quarantined bodies, faulty lines or values, as findings."""
    fields = ("source", "kind", "key", "sha256", "fetched_at", "partition", text, *more)
    told = data.placed(data.ingest[field], fields)
    if told.empty:
        return told
    message = told["kind"] + " " + told["key"] + ": " + told[text]
    return told.assign(message=message, snapshot=told["sha256"], bad=1.0)


def _of_bodies(data: Data, counted: str, faults: pd.DataFrame) -> Checked:
    """Bodies or lines of each day, and how many of them are at fault."""
    bodies = data.placed(data.ingest["bodies"], COUNTED)
    bodies = bodies[bodies[counted] > 0] if len(bodies) else bodies
    if bodies.empty:
        return nothing()
    cell = ["source", "partition", "day"]
    bodies = (
        bodies.groupby(cell, sort=True)
        .agg({counted: "sum", "competition": "first", "season": "first"})
        .reset_index()
    )
    if faults.empty:
        return checked(bodies, np.zeros(len(bodies)), counts=bodies[counted])
    sizes = faults["values"] if "values" in faults else pd.Series(1, index=faults.index)
    number = faults.assign(faults=sizes).groupby(cell)["faults"].sum().reset_index()
    bodies = bodies.merge(number, on=cell, how="left").fillna({"faults": 0})
    share = (bodies["faults"] / bodies[counted]).clip(upper=1)
    return checked(bodies, share, counts=bodies[counted], findings=faults)
