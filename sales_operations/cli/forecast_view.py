"""A forecast on a terminal: its parts, its range, what it rests on, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sales_operations.cli.common import block, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

WIDTH = 60
"""Columns of the drawing: it fits a terminal of 80."""
_MOST = 10
"""Rows of a table; what else there is stands in one row together."""
_WHOLE_FROM = 1_000
"""Forecasts of less are shown with their cents."""
_NAMES = {
    "booked": "Won so far",
    "open": "Open deals",
    "not_created_yet": "Not created yet",
    "run_rate": "At the run rate",
}
_FILLS = ("█", "▓", "░")
_GROUPS = {"by_team": "Team", "by_stage": "Open deals in", "by_sales_rep": "Sales rep"}


def view(found: Mapping[str, Any]) -> list[RenderableType]:
    """What ``SalesForecaster.forecast_sales`` gave, in blocks that fit into 80 columns."""
    from rich.text import Text

    from sales_operations.domain.clock import written_as_of

    days = f"{found['period_start']} to {found['period_end']}"
    span = f"the next {found['period']}" if found["horizon"] else found["period_label"]
    title = (f"Won revenue of {span}, {days}, in {found['currency']}", "bold")
    made = f"\nForecast by {found['method']}, as of {written_as_of(found['as_of'])}\n"
    parts: list[RenderableType] = [Text.assemble(title, made), _parts(found)]
    if not found.get("refused"):
        parts.append(_drawn(found))
    parts.append(block("", [(name.ljust(14), value) for name, value in _certainty(found)]))
    if found.get("weights"):
        rows = [[name, _share(weight, 1.0), _money(found, found[name])] for name, weight in found["weights"].items()]
        parts.append(table("", [("Method", "left"), ("Weight", "right"), ("Forecast", "right")], rows))
    return parts + [_shared(found, key, heading) for key, heading in _GROUPS.items() if _own(found, key)]


def _parts(found: Mapping[str, Any]) -> RenderableType:
    told = {name: found[name] for name in ("booked", "open", "not_created_yet")}
    if found["open"] is None:
        told = {"booked": found["booked"], "run_rate": found["total"] - found["booked"]}
    if abs(found["total"]) >= _WHOLE_FROM:  # the rounded parts are to add up, and what is won is sure
        whole = {name: round(amount) for name, amount in told.items()}
        whole[list(whole)[1]] += round(found["total"]) - sum(whole.values())
        told = whole
    rows = [
        [f"{fill} {_NAMES[name]}", _money(found, amount), _share(amount, found["total"])]
        for fill, (name, amount) in zip(_FILLS, told.items(), strict=False)
    ]
    rows.append(["  Total", _money(found, found["total"]), _share(found["total"], found["total"])])
    return table("", [("", "left"), ("Amount", "right"), ("Share", "right")], rows)


def _drawn(found: Mapping[str, Any]) -> Text:
    """The parts as a bar, and below it the ranges: ``├─┼─┤`` the 80 % one with the median, ``┄`` the 95 % one."""
    from rich.text import Text

    (low, high), (lowest, highest) = found["interval_80"], found["interval_95"]
    scale: float = WIDTH / max(highest, found["total"], 1e-9)

    def place(amount: float) -> int:
        return min(max(round(amount * scale), 0), WIDTH)

    opened = found["booked"] + (found["open"] or 0.0)
    ends = [0, place(found["booked"]), place(opened), place(found["total"])]
    bar = "".join(fill * (end - start) for fill, start, end in zip(_FILLS, ends, ends[1:], strict=False))
    marks = [" "] * (WIDTH + 1)
    for start, end, sign in ((lowest, highest, "┄"), (low, high, "─")):
        marks[place(start) : place(end) + 1] = sign * (place(end) - place(start) + 1)
    for amount, sign in ((low, "├"), (high, "┤"), (found["median"], "┼")):
        marks[place(amount)] = sign
    return Text(f"{bar}\n{''.join(marks).rstrip()}")


def _certainty(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    if refused := found.get("refused"):
        lines = [("Confidence", "not enough history for a forecast; the total goes on at the run rate")]
        if not found.get("dropped"):
            lines.append(("Missing", str(refused)))
    else:
        spans = [" to ".join(_money(found, bound) for bound in found[key]) for key in ("interval_80", "interval_95")]
        lines = [
            ("┼   Median", f"{_money(found, found['median'])}, as likely to be passed as to be missed"),
            ("├─┤ 80 % range", f"{spans[0]}, right 4 times in 5"),
            ("┄┄┄ 95 % range", f"{spans[1]}, right 19 times in 20"),
            ("Confidence", _confidence(found)),
        ]
    if found["method"] == "trend" and not refused:
        lines.append(("Trend", f"{found['trend']}, {found['growth_rate'] * 100:+.0f} % a year"))
    if found.get("seasonal_factor") is not None:
        lines.append(("Season", f"{found['seasonal_factor']:.2f} times an average time of the year"))
    reasons: dict[str, list[str]] = {}
    for method, reason in (found.get("dropped") or {}).items():
        reasons.setdefault(reason, []).append(method)
    return lines + [("Without", f"{', '.join(methods)}: {reason}") for reason, methods in reasons.items()]


def _confidence(found: Mapping[str, Any]) -> str:
    basis = found["confidence_basis"]
    if not basis["origins"]:
        return "unknown, as no earlier period can be forecast from its own past yet"
    point = "of as many days" if found["horizon"] else f"at this point of a {found['period']}"
    return (
        f"{_share(found['confidence'], 1.0)}: {basis['within_10_percent']} of {basis['origins']} earlier forecasts {point} "
        "came within 10 % of what was won; the fewer there are, the nearer to 50 %"
    )


def _own(found: Mapping[str, Any], key: str) -> dict[str, float]:
    """The shares of a group, without what is nobody's; those of stages without what is won."""
    others = {"not_created_yet", "run_rate", *(("closed_won",) if key == "by_stage" else ())}
    return {name: amount for name, amount in (found.get(key) or {}).items() if name not in others}


def _shared(found: Mapping[str, Any], key: str, heading: str) -> RenderableType:
    shares = _own(found, key)
    if key != "by_stage":
        shares = dict(sorted(shares.items(), key=lambda item: -item[1]))
    if len(shares) > _MOST + 1:
        first, rest = list(shares.items())[:_MOST], list(shares.values())[_MOST:]
        shares = dict(first) | {f"{len(rest)} more": sum(rest)}
    rows = [[name, _money(found, amount), _share(amount, found["total"])] for name, amount in shares.items()]
    return table("", [(heading, "left"), ("Forecast", "right"), ("Share", "right")], rows)


def _money(found: Mapping[str, Any], amount: float) -> str:
    from sales_operations.domain.money import exponent

    return f"{amount:,.{0 if abs(found['total']) >= _WHOLE_FROM else exponent(found['currency'])}f}"


def _share(amount: float, total: float) -> str:
    return f"{amount / total * 100:.0f} %" if total else ""
