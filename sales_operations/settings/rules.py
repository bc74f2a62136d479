"""Rules between keys, asked of the raw values, so that they are checked together with everything else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from sales_operations.domain.errors import Problem
from sales_operations.domain.stages import DEFAULT_PROBABILITIES, STAGE_NAMES, OpportunityStage
from sales_operations.settings.document import Document
from sales_operations.settings.forecasting import WEIGHTED_METHODS
from sales_operations.settings.gate_rules import broken_gates
from sales_operations.settings.schema import ROOT
from sales_operations.settings.shape import Path, dotted, field_shape, leaves

HYBRID_WEIGHTS = (ROOT, "forecasting", "hybrid", "weights")
_TOLERANCE = 1e-6


def broken_rules(document: Document) -> Iterator[Problem]:
    """Every rule between keys that the values break. Values of a wrong type are passed over: the schema names them."""
    yield from _repeated(document)
    yield from _weights(document)
    pipelines = document.get(ROOT, "pipelines")
    names = [name for name in pipelines if isinstance(name, str)] if isinstance(pipelines, dict) else []
    firsts: dict[str, str] = {}
    for name in names:
        path, folded = (ROOT, "pipelines", name), name.strip().casefold()
        first = firsts.setdefault(folded, name)
        if not folded:
            yield document.problem(path, "a pipeline needs a name")
        if name != first:
            yield document.problem(path, f"{first[:60]!r} is the same name but for its case; rename one")
        if isinstance(pipelines[name], list | tuple):
            stages = [stage if isinstance(stage, dict) else {} for stage in pipelines[name]]
            yield from _stages(document, path, stages)
            yield from broken_gates(document, path, stages)


def given_weights(document: Document) -> dict[str, Any] | Literal["auto"]:
    """What weights the hybrid and the methods name between them, the hybrid's first; ``auto`` where none does."""
    listed = document.get(*HYBRID_WEIGHTS)
    if listed == "auto":
        return "auto"
    weights: dict[str, Any] = dict(listed) if isinstance(listed, dict) else {}
    for method in WEIGHTED_METHODS:
        own = document.get(*_own(method))
        if own is not None:
            weights.setdefault(method, own)
    return weights or "auto"


def first_weight(document: Document) -> tuple[str, ...]:
    """Where the weights begin: the hybrid's own key, or else the first method that has one."""
    own = [_own(method) for method in WEIGHTED_METHODS if document.get(*_own(method)) is not None]
    return own[0] if own and document.get(*HYBRID_WEIGHTS) is None else HYBRID_WEIGHTS


def _own(method: str, key: str = "weight") -> tuple[str, ...]:
    return (ROOT, "forecasting", method, key)


def _weights(document: Document) -> Iterator[Problem]:
    weights = given_weights(document)
    if weights == "auto":
        return
    for method in WEIGHTED_METHODS:
        own, listed = document.get(*_own(method)), document.get(*HYBRID_WEIGHTS, method)
        if _is_share(own) and _is_share(listed) and own != listed:
            other = f"{dotted(_own(method))} ({document.origin(_own(method))})"
            message = f"{listed} here, but {own} at {other}; keep one of them, or make them equal"
            yield document.problem((*HYBRID_WEIGHTS, method), message)
    # Beside a misspelt name or a wrong type, what is missing or left over would be told twice.
    if not set(weights) <= set(WEIGHTED_METHODS) or not all(_is_share(weight) for weight in weights.values()):
        return
    on = [method for method in WEIGHTED_METHODS if document.get(*_own(method, "enabled")) is not False]
    missing = [method for method in on if method not in weights]
    total, message = math.fsum(weights.values()), ""
    if missing:
        message = f"no weight for {', '.join(missing)}; give each one (0 leaves it out), or set its enabled to false"
    elif abs(total - 1) > _TOLERANCE:
        parts = ", ".join(f"{method} {weight}" for method, weight in weights.items())
        message = f"the weights add up to {total:g} instead of 1 ({parts})"
    elif on and not any(weights[method] for method in on):
        message = f"all the weight lies on methods that are off; give some to {', '.join(on)}, or write auto"
    if message:
        place = document.problem(first_weight(document), message)
        yield Problem(dotted(HYBRID_WEIGHTS), message, place.file, place.line)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _repeated(document: Document) -> Iterator[Problem]:
    for path, field in leaves():
        entries = document.get(*path) if field_shape(field).is_list else None
        words = entries if isinstance(entries, list | tuple) else []
        seen: set[str] = set()
        for position, word in enumerate(words):
            if isinstance(word, str):
                if word in seen:
                    yield document.problem((*path, position), f"{word[:60]!r} stands in the list already; remove it")
                seen.add(word)


def _stages(document: Document, path: Path, stages: list[dict[Any, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    meanings = [stage.get("stage") for stage in stages]
    for position, (stage, meaning) in enumerate(zip(stages, meanings, strict=True)):
        name = stage["name"] if isinstance(stage.get("name"), str) else ""
        folded = name.casefold()
        if folded and folded in seen:
            yield document.problem((*path, position, "name"), f"another stage is called {name[:60]!r}; rename one")
        seen.add(folded)
        if meaning in STAGE_NAMES:
            if folded in STAGE_NAMES and folded != meaning:
                message = f"{name!r} is a canonical stage, but this one stands for {meaning!r}; give it another name"
                yield document.problem((*path, position, "name"), message)
            yield from _settled(document, (*path, position), stage, OpportunityStage(meaning))
    if all(meaning in STAGE_NAMES for meaning in meanings):
        for needed in ("closed_won", "closed_lost"):
            if needed not in meanings:
                yield document.problem(path, f"no stage stands for {needed}; add one with stage: {needed}")
        if meanings and OpportunityStage(meanings[0]).is_closed:
            yield document.problem((*path, 0, "stage"), "the first stage, where a new deal starts, must be an open one")


def _settled(document: Document, path: Path, stage: dict[Any, Any], meaning: OpportunityStage) -> Iterator[Problem]:
    probability, settled = stage.get("probability"), DEFAULT_PROBABILITIES[meaning]
    if meaning.is_closed and _is_share(probability) and probability != settled:
        message = f"the probability of {meaning.value} is {settled:g}; leave this out"
        yield document.problem((*path, "probability"), message)
    if stage.get("category") == "closed" and meaning is not OpportunityStage.CLOSED_WON:
        yield document.problem((*path, "category"), "only a stage that stands for closed_won is in the category closed")
