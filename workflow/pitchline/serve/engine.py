"""A loaded model: the very figures of its ``Forecaster``, without pandas, XGBoost and the rest.

The logit's part is a compiled loop and numpy, the trees are read from ``model.ubj`` and walked
through by a compiled loop in XGBoost's own arithmetic. A model is taken only if it gives its golden
predictions, which the training kept in ``model.json``.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

from pitchline.errors import ArtifactError
from pitchline.files import json_bytes
from pitchline.serve import kernels, ubjson
from pitchline.train.candidate import CARD_FILE, MODEL_FILE
from pitchline.train.contrasts import planned
from pitchline.train.probabilities import PROBABILITY_DECIMALS, tempered

METRICS_FILE = "metrics.json"
FIX = "Train and promote anew: `snakemake --cores 2 train promote`"
FAMILIES = ("blend", "xgboost", "logit")
# Rows that are forecast without giving others the interpreter.
PIECE = 64
OUTCOMES = ("home", "draw", "away")
SCALE = 10.0**PROBABILITY_DECIMALS
# Rounded figures that differ by less than this are the same.
SAME_FIGURE = 0.1 * 10**-PROBABILITY_DECIMALS


@dataclass(frozen=True)
class Linear:
    """A logit on contrasts, as arrays; see ``kernels.scores``."""

    kinds: np.ndarray
    first: np.ndarray
    second: np.ndarray
    centres: np.ndarray
    scales: np.ndarray
    intercepts: np.ndarray
    slopes: np.ndarray

    @classmethod
    def read(cls, told: Mapping[str, Any], columns: Sequence[str]) -> Self:
        """A logit as the card tells it.

        Args:
            told: columns, centres, scales, intercepts, slopes.
            columns: the features whose contrasts it reads, in the table's order.

        Raises:
            KeyError, TypeError, ValueError: it isn't one, or reads another contrast.
        """
        plan = {contrast.name: contrast for contrast in planned(columns)}
        place = {name: number for number, name in enumerate(columns)}
        totals = {name: number for number, name in enumerate(totals_of(columns))}
        missing = [name for name in told["columns"] if name not in plan]
        if missing:
            raise ValueError(f"its logit reads {missing[0]!r}, which its features don't give")
        chosen = [plan[name] for name in told["columns"]]
        kinds = {"same": kernels.SAME, "difference": kernels.DIFFERENCE, "total": kernels.TOTAL}
        count = len(chosen)
        read = cls(
            kinds=np.array([kinds[each.how] for each in chosen], dtype=np.int64),
            first=np.array(
                [
                    totals[each.name] if each.how == "total" else place[each.first]
                    for each in chosen
                ],
                dtype=np.int64,
            ),
            second=np.array([place[each.second] for each in chosen], dtype=np.int64),
            centres=figures(told["centres"], (count,)),
            scales=figures(told["scales"], (count,)),
            intercepts=figures(told["intercepts"], (3,)),
            slopes=np.ascontiguousarray(figures(told["slopes"], (3, count)).T),
        )
        if (read.scales == 0).any():
            raise ValueError("a scale of its logit is 0")
        return read

    def log_probabilities(self, table: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """Natural logarithms of the probabilities, shape (rows, 3).

        Args:
            table: features, shape (rows, features).
            totals: logarithms of the products ``totals_of``, shape (rows, products).
        """
        scores = kernels.scores(
            table,
            totals,
            self.kinds,
            self.first,
            self.second,
            self.centres,
            self.scales,
            self.intercepts,
            self.slopes,
        )
        return np.asarray(scores - np.log(kernels.totals(np.exp(scores))))


@dataclass(frozen=True)
class Forest:
    """Boosted trees, node after node; see ``kernels.boosted``."""

    roots: np.ndarray
    depths: np.ndarray
    classes: np.ndarray
    features: np.ndarray
    thresholds: np.ndarray
    default_left: np.ndarray
    right: np.ndarray
    leaves: np.ndarray

    @classmethod
    def read(cls, content: bytes, columns: Sequence[str]) -> Self:
        """The trees of XGBoost's model file.

        Args:
            content: of ``model.ubj``.
            columns: the features they must be of.

        Raises:
            KeyError, TypeError, ValueError: it isn't a model of three results by plain trees on
                these features.
        """
        learner = ubjson.loads(content)["learner"]
        booster, told = learner["gradient_booster"], learner["learner_model_param"]
        if (booster["name"], learner["objective"]["name"]) != ("gbtree", "multi:softprob"):
            raise ValueError("its trees are no gbtree for multi:softprob")
        if int(told["num_class"]) != 3 or int(told["num_feature"]) != len(columns):
            raise ValueError(
                f"its trees are of {told['num_class']} results and {told['num_feature']} features, "
                f"not of 3 and {len(columns)}"
            )
        names = list(learner["feature_names"])
        if names and names != list(columns):
            raise ValueError("its trees are of other features than its card tells")
        model = booster["model"]
        trees, classes = model["trees"], np.asarray(model["tree_info"], dtype=np.int64)
        if len(classes) != len(trees) or ((classes < 0) | (classes > 2)).any():
            raise ValueError("its trees are not of three results")
        return cls(**_nodes(trees, len(columns)), classes=classes)

    def probabilities(self, table: np.ndarray, margins: np.ndarray) -> np.ndarray:
        """Probabilities, shape (rows, 3), of single precision; see ``kernels.boosted``."""
        return kernels.boosted(
            table,
            margins,
            self.roots,
            self.depths,
            self.classes,
            self.features,
            self.thresholds,
            self.default_left,
            self.right,
            self.leaves,
        )


def _nodes(trees: Sequence[Mapping[str, Any]], width: int) -> dict[str, np.ndarray]:
    """The nodes of all trees, checked, level by level, siblings side by side.

    Returns:
        roots, depths, features, thresholds, default_left, right and leaves as ``kernels.boosted``
        takes them.
    """

    def joined(name: str, kind: type) -> np.ndarray:
        parts = [np.asarray(tree[name]) for tree in trees]
        if [len(part) for part in parts] != counts:
            raise ValueError("a tree's nodes are not complete")
        return np.concatenate([np.empty(0, kind), *parts]).astype(kind)

    counts = [len(tree["left_children"]) for tree in trees]
    if 0 in counts:
        raise ValueError("a tree has no node")
    left, right, features = (
        joined(name, np.int64) for name in ("left_children", "right_children", "split_indices")
    )
    values = joined("split_conditions", np.float32)
    default_left = joined("default_left", np.bool_)
    if joined("split_type", np.int64).any() or any(len(tree["categories"]) for tree in trees):
        raise ValueError("a tree splits by categories")
    if not np.isfinite(values).all():
        raise ValueError("a figure of a tree is not finite")
    roots = np.cumsum([0, *counts[:-1]])[: len(counts)]
    tree_of = np.repeat(np.arange(len(counts)), counts)
    first = roots[tree_of]
    own, ends = np.arange(len(left)) - first, np.array(counts, dtype=np.int64)[tree_of]
    inner = left >= 0
    # Children come after their parents, so no walk can leave the tree or go round in it.
    for children in (left, right):
        if (inner & ((children <= own) | (children >= ends))).any():
            raise ValueError("a tree's nodes are not in order")
    if (inner & ((features < 0) | (features >= width))).any():
        raise ValueError("a tree asks for a feature that is none of its features")
    depths = np.zeros(len(counts), dtype=np.int64)
    levels, reached = [roots], len(roots)
    while len(parents := levels[-1][inner[levels[-1]]]):
        children = np.column_stack([left[parents], right[parents]]) + first[parents, None]
        depths[tree_of[parents]] = len(levels)
        levels.append(children.ravel())
        reached += children.size
        if reached > len(left):
            raise ValueError("a tree's node has two parents")
    order = np.concatenate(levels)
    splits = inner[order]
    # The children of the nodes that split follow the roots, pair after pair.
    following = len(roots) - 1 + 2 * np.cumsum(splits)
    return {
        "roots": np.arange(len(roots), dtype=np.uint32),
        "depths": depths,
        "features": np.where(splits, features[order], 0).astype(np.uint32),
        "thresholds": np.where(splits, values[order], np.float32(np.nan)),
        "default_left": splits & default_left[order],
        "right": np.where(splits, following, np.arange(len(order))).astype(np.uint32),
        "leaves": np.where(splits, np.float32(0), values[order]),
    }


def totals_of(columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The contrasts that are logarithms of products, and the features of these."""
    return {
        each.name: (each.first, each.second) for each in planned(columns) if each.how == "total"
    }


def figures(told: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Finite figures of a shape.

    Raises:
        TypeError, ValueError: they aren't.
    """
    found = np.array(told, dtype=np.float64)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError(f"figures that are not finite or not of shape {shape}")
    return found


@dataclass(frozen=True)
class Engine:
    """What a family's model is evaluated by.

    Attributes:
        columns: the features, in the table's order; prices follow them.
        market: whether prices follow, from which the trees start where there are any.
        start: where the trees start; without trees the model itself.
        forest: the trees; None for a logit alone.
        logit: the other half of a blend; None for any other family.
        share: of the logit in the mean.
        temperature: by which the log probabilities are divided.
    """

    columns: tuple[str, ...]
    market: bool
    start: Linear
    forest: Forest | None
    logit: Linear | None
    share: float
    temperature: float
    _factors: tuple[np.ndarray, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place = {name: number for number, name in enumerate(self.columns)}
        pairs = totals_of(self.columns).values()
        both = np.array([(place[a], place[b]) for a, b in pairs], dtype=np.int64).reshape(-1, 2)
        object.__setattr__(self, "_factors", (both[:, 0].copy(), both[:, 1].copy()))

    def probabilities(self, table: np.ndarray) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3).

        Args:
            table: what the model reads, shape (rows, columns), double precision, in C order.
        """
        if not len(table):
            return np.empty((0, 3))
        home, away = self._factors
        with np.errstate(all="ignore"):
            totals = np.log(np.take(table, home, axis=1) * np.take(table, away, axis=1))
            p = self._raw(table, totals)
            return kernels.rounded(tempered(p, self.temperature), SCALE)

    def _raw(self, table: np.ndarray, totals: np.ndarray) -> np.ndarray:
        logs = self.start.log_probabilities(table, totals)
        if self.forest is None:
            return np.asarray(np.exp(logs))
        shares: float | np.ndarray = self.share
        if self.market:
            prices = table[:, len(self.columns) :]
            known = (np.isfinite(prices) & (prices > 0)).all(axis=1)
            logs[known] = np.log(prices[known])
            # The logit knows no price: where the trees start from one they alone speak.
            shares = np.where(known, 0.0, self.share)[:, None]
        trees = self.forest.probabilities(table, logs.astype(np.float32))
        total = kernels.totals(trees)
        if self.logit is None:
            return np.asarray(trees / total)
        logit = np.exp(self.logit.log_probabilities(table, totals))
        return np.asarray(shares * logit + (1 - shares) * trees / total)


@dataclass(frozen=True)
class Served:
    """A model that serves.

    Attributes:
        version: its version.
        reads: the columns of the feature table that it reads, in order.
        card: the content of model.json.
        metrics: the content of metrics.json.
        decision: why it is the champion, from the pointer.
        as_of: up to when it knows results.
        loaded_at: when it was loaded; for people only.
        engine: what it is evaluated by.
    """

    version: str
    reads: tuple[str, ...]
    card: dict[str, Any] = field(repr=False)
    metrics: dict[str, Any] = field(repr=False)
    decision: dict[str, Any] = field(repr=False)
    as_of: str
    loaded_at: datetime
    engine: Engine = field(repr=False)

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3), as ``Forecaster.probabilities`` gives them.

        Args:
            table: features in the order of ``reads``, shape (rows, columns), NaN where unknown.

        Raises:
            ValueError: it is of another shape.
        """
        rows = np.require(table, np.float64, ("C", "W"))
        if rows.ndim != 2 or rows.shape[1] != len(self.reads):
            raise ValueError(f"a table of shape {rows.shape}, not (rows, {len(self.reads)})")
        return self.engine.probabilities(rows)


def in_pieces(predict: Callable[[np.ndarray], np.ndarray], table: np.ndarray) -> np.ndarray:
    """Probabilities, shape (rows, 3), without keeping the interpreter from others for long.

    Args:
        predict: of a model.
        table: what it reads, a row at least.
    """
    pieces = [predict(table[at : at + PIECE]) for at in range(0, len(table), PIECE)]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def read(files: Mapping[str, bytes], pointer: Mapping[str, Any], place: str) -> Served:
    """The model of a bundle, checked against itself and warmed up.

    Args:
        files: the bundle's files, bytes by name, their hashes being those of the pointer.
        pointer: version, as_of and decision.
        place: of the files, as errors are to name it.

    Raises:
        ArtifactError: the files make no model, one of a family that isn't served, or one that
            doesn't give its golden predictions.
    """
    card = _json(files, CARD_FILE, place)
    metrics = _json(files, METRICS_FILE, place)
    model, where = files[MODEL_FILE], f"{place}/{CARD_FILE}"
    if hashlib.sha256(model).hexdigest() != card.get("model_sha256"):
        raise ArtifactError(f"{place}/{MODEL_FILE}: not the model that {where} describes. {FIX}.")
    family = card.get("family")
    if family not in FAMILIES:
        raise ArtifactError(
            f"{where}: field `family`: {family!r} is not served; {', '.join(FAMILIES)} are. Choose "
            f"one with train.family. {FIX}."
        )
    # The figures stand after their digest, the last of the card.
    names = list(card)
    told = {name: card[name] for name in names[names.index("family") :]}
    if hashlib.sha256(json_bytes(told)).hexdigest() != card.get("figures_sha256"):
        raise ArtifactError(f"{where}: its figures are not those of `figures_sha256`. {FIX}.")
    try:
        engine = engine_of(family, card, model)
        reads = tuple(card["reads"])
        expected = (*engine.columns, *prices_of(card["recipe"].get("market")))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ArtifactError(f"{where}: not the card of a model ({error}). {FIX}.") from error
    if reads != expected:
        raise ArtifactError(f"{where}: field `reads`: not the columns of its recipe. {FIX}.")
    served = Served(
        version=pointer["version"],
        reads=reads,
        card=card,
        metrics=metrics,
        decision=pointer.get("decision", {}),
        as_of=str(pointer.get("as_of", card.get("as_of"))),
        loaded_at=datetime.now(UTC),
        engine=engine,
    )
    check(served, where)
    return served


def engine_of(family: str, card: Mapping[str, Any], model: bytes) -> Engine:
    """What a card and its trees are evaluated by.

    Raises:
        KeyError, TypeError, ValueError: they make no model of the family.
    """
    recipe = card["recipe"]
    columns = tuple(recipe["columns"])
    (temperature,) = figures([recipe["temperature"]], (1,)).tolist()
    if temperature <= 0:
        raise ValueError("a temperature of 0 or less")
    (share,) = figures([recipe.get("share", 0.0)], (1,)).tolist()
    return Engine(
        columns=columns,
        market=recipe.get("market") is not None,
        start=Linear.read(card["logit" if family == "logit" else "start"], columns),
        forest=None if family == "logit" else Forest.read(model, columns),
        logit=Linear.read(card["logit"], columns) if family == "blend" else None,
        share=share,
        temperature=temperature,
    )


def prices_of(moment: str | None) -> tuple[str, ...]:
    """The columns of the market's probabilities at a moment; none where there is none."""
    return tuple(f"{moment}_{outcome}" for outcome in OUTCOMES) if moment else ()


def check(served: Served, where: str) -> None:
    """Hold a model against its golden predictions, all rows at once and one by one.

    Args:
        served: the model.
        where: its card, for the error.

    Raises:
        ArtifactError: it has none or gives others, or something that is no probabilities.
    """
    try:
        golden = served.card["golden"]
        rows = np.array(golden["rows"], dtype=np.float64)
        expected = np.array(golden["probabilities"], dtype=np.float64)
        together = served.predict(rows)
        alone = np.vstack([served.predict(row[None, :]) for row in rows])
        if expected.shape != (len(rows), 3):
            raise ValueError("not three probabilities a row")
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{where}: field `golden`: no golden predictions of its columns ({error!r}). {FIX}."
        ) from error
    for found in (together, alone):
        # NaN must not pass, so the question is not whether it differs.
        if not (np.abs(found - expected) < SAME_FIGURE).all():
            furthest = np.abs(found - expected).max()
            raise ArtifactError(
                f"{where}: field `golden`: the loaded model gives other probabilities than the "
                f"fitted one, off by up to {furthest:.3g}. {FIX}."
            )
    unknown = served.predict(np.full((1, len(served.reads)), np.nan))
    if not (np.isfinite(unknown) & (unknown >= 0) & (unknown <= 1)).all():
        raise ArtifactError(
            f"{where}: without any known feature the model gives {unknown[0].tolist()}, which are "
            f"no probabilities. {FIX}."
        )


def _json(files: Mapping[str, bytes], name: str, place: str) -> dict[str, Any]:
    try:
        content = json.loads(files[name], parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{place}/{name}: not valid JSON ({error}). {FIX}.") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{place}/{name}: not a mapping. {FIX}.")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no figure")
