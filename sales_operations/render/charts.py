"""Charts as vector graphics, drawn by Altair on this machine: bars that start at zero, beside the table they show."""

from __future__ import annotations

from typing import Any

from sales_operations.render.paper import Chart, Column, Table

WIDTH = 560
"""Width of the plot in pixels; labels come beside it."""
_ROW, _HEIGHT, _HIGHEST = 15, 220, 440
MOST = 30
"""At most this many rows are drawn, those of the largest values; the table has all."""
_COLOURS = ("#2f5d8c", "#9bb8d3", "#c8772e", "#6b7f3f")
_FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
_FORMATS = {"share": ".0%", "days": ",.0f", "times": ",.1f", "count": ",d", "money": "~s"}
_LABEL_LIMIT = 380
"""Pixels of a label, some sixty letters; the table has the whole text."""


def svg(table: Table, currency: str) -> str:
    """The chart of a table as SVG."""
    import vl_convert

    return vl_convert.vegalite_to_svg(_specification(table, currency))


def pdf(table: Table, currency: str) -> bytes:
    """The same as a page of PDF, with its fonts."""
    import vl_convert

    return vl_convert.vegalite_to_pdf(_specification(table, currency))


def is_drawn(table: Table) -> bool:
    """Whether a table has a chart, and anything to draw in it."""
    return table.chart is not None and any(
        value for key in table.chart.values for value in table.column(key)[1] if value is not None
    )


def _specification(table: Table, currency: str) -> dict[str, Any]:
    import altair as alt

    chart = table.chart
    assert chart is not None
    names = [str(name) for name in table.column(chart.label)[1]]
    wanted = [index for index, name in enumerate(names) if name not in chart.omit]
    columns = [table.column(key) for key in chart.values]
    titles = [column.title for column, _ in columns]
    drawn = _largest(wanted, [values for _, values in columns])
    rows = [
        {"label": names[index], "series": column.title, "value": values[index]}
        for column, values in columns
        for index in drawn
    ]
    first = columns[0][0]
    along = _measure(alt, first, _title(chart, first, currency, len(wanted)), chart.upright)
    across_type = alt.X if chart.upright else alt.Y
    across = across_type("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL_LIMIT, labelAngle=0))
    offset_type = alt.XOffset if chart.upright else alt.YOffset
    encoded: dict[str, Any] = {
        "x" if chart.upright else "y": across,
        "y" if chart.upright else "x": along,
        "color": alt.Color(
            "series:N",
            sort=titles,
            scale=alt.Scale(domain=titles, range=list(_COLOURS[: len(titles)])),
            legend=None if len(titles) == 1 else alt.Legend(title=None, orient="top"),
        ),
    }
    if len(titles) > 1:
        encoded["xOffset" if chart.upright else "yOffset"] = offset_type("series:N", sort=titles)
    made: Any = alt.Chart(alt.InlineData(values=rows)).mark_bar().encode(**encoded)
    height = _HEIGHT if chart.upright else _height(len(drawn), len(titles))
    made = (
        made.properties(width=WIDTH, height=height, padding=_padding(names))
        .configure(font=_FONT)
        .configure_view(stroke=None)
    )
    specification: dict[str, Any] = made.configure_axis(labelFontSize=11, titleFontSize=11, grid=True).to_dict()
    return specification


def _measure(alt: Any, column: Column, title: str, upright: bool) -> Any:
    """The axis of the values, from zero."""
    shown = f"datum.value == 0 ? '0' : format(datum.value, '{_FORMATS[column.unit]}')"
    whole = {"tickMinStep": 1} if column.unit == "count" else {}
    axis = alt.Axis(labelExpr=shown, tickCount=6, titleLimit=WIDTH, **whole)
    made = alt.Y if upright else alt.X
    return made("value:Q", title=title, axis=axis, scale=alt.Scale(zero=True))


def _title(chart: Chart, column: Column, currency: str, rows: int) -> str:
    title = f"{chart.title} ({currency})" if column.unit == "money" else chart.title
    return f"{title}, the {MOST} largest of {rows:,}" if rows > MOST else title


def _largest(places: list[int], series: list[list[Any]]) -> list[int]:
    """Those of the places whose values are the largest, as many as are drawn, in their order."""
    size = {place: max(abs(values[place] or 0) for values in series) for place in places}
    return sorted(sorted(places, key=lambda place: -size[place])[:MOST])


def _height(rows: int, series: int) -> float:
    return min(_ROW * max(series, 1.4) * rows + 4 * rows, max(_HIGHEST, 14 * rows))


def _padding(names: list[str]) -> dict[str, float]:
    """Room at the sides for a reader whose font is wider than the one that the labels were measured with."""
    return {"left": 8 + min(max(map(len, names), default=0), 60), "right": 16, "top": 5, "bottom": 5}
