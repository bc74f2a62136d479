"""Forecasts of a backtest over what came true, drawn by Altair on this machine as vector graphics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sales_operations.render.charts import WIDTH

_HEIGHT = 260
_FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
_FORECAST, _TRUE = "#2f5d8c", "#c8772e"
_NAMES = ("forecast, with the range that holds 80 %", "came true")


def svg(forecasts: Sequence[Mapping[str, Any]], currency: str, title: str) -> str:
    """One method's ``forecasts`` (``as_of``, ``total``, ``p10``, ``p90``, ``actual``, in major units) as SVG.

    The axis of amounts starts at zero; outcomes that are not known yet are left out.
    """
    import altair as alt
    import vl_convert

    rows = [
        {"day": one["as_of"], "low": one["p10"], "high": one["p90"], "value": one["total"], "kind": _NAMES[0]}
        for one in forecasts
    ]
    true = [
        {"day": one["as_of"], "value": one["actual"], "kind": _NAMES[1]}
        for one in forecasts
        if one["actual"] is not None
    ]
    day = alt.X("day:T", title="forecast on", axis=alt.Axis(format="%Y-%m-%d", labelAngle=0, tickCount=6))
    amount = alt.Axis(labelExpr="datum.value == 0 ? '0' : format(datum.value, '~s')", tickCount=6)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(_NAMES), range=[_FORECAST, _TRUE]),
        legend=alt.Legend(title=None, orient="top", labelLimit=WIDTH),
    )
    band: Any = alt.Chart(alt.InlineData(values=rows)).mark_area(opacity=0.2, color=_FORECAST)
    line: Any = alt.Chart(alt.InlineData(values=[*rows, *true])).mark_line(point=True)
    value = alt.Y("value:Q", title=f"won ({currency})", axis=amount, scale=alt.Scale(zero=True))
    made: Any = alt.layer(
        band.encode(x=day, y=alt.Y("low:Q", title=f"won ({currency})", axis=amount), y2="high:Q"),
        line.encode(x=day, y=value, color=colour),
    )
    made = made.properties(width=WIDTH, height=_HEIGHT, title=title).configure(font=_FONT).configure_view(stroke=None)
    return vl_convert.vegalite_to_svg(made.to_dict())
