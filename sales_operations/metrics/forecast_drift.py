"""Whether kept forecasts have gone off: too many on one side of what came true, or too few or many within their range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sales_operations.estimation.drift import off_coverage, one_sided
from sales_operations.metrics.forecast_record import Record

ALARM = 0.05
"""How often sound forecasts may be called off at one look, all tests of that look together."""
LEVEL = 0.8


@dataclass(frozen=True)
class Alarm:
    """What chance alone would do to the forecasts of ``record`` with a probability of ``p`` only."""

    record: Record
    kind: Literal["one_sided", "coverage"]
    p: float

    @property
    def says(self) -> str:
        """The same in words."""
        record, n = self.record, len(self.record.judged)
        told = f"{record.method} forecasts of a {record.period}, made {record.where}"
        if self.kind == "coverage":
            what = f"Of the last {n} {told}, {record.in_80} lay within their 80 % interval, where about {LEVEL * n:.0f} should"
        else:
            low = sum(one.side > 0 for one in record.judged)
            high = sum(one.side < 0 for one in record.judged)
            what = f"Of the last {n} {told}, {max(low, high)} were too {'low' if low > high else 'high'}"
        return f"{what}; chance alone does that in {max(self.p, 0.0001):.2%} of cases."

    def shown(self) -> dict[str, object]:
        """The same for a result."""
        of = {"method": self.record.method, "period": self.record.period, "point": self.record.point}
        return {**of, "kind": self.kind, "p": self.p, "explanation": self.says}


def alarms(records: Iterable[Record]) -> list[Alarm]:
    """The tests that say that a record is off. The tests of one look share ``ALARM`` between them (Bonferroni)."""
    made = [
        alarm
        for record in records
        for alarm in (
            Alarm(record, "one_sided", one_sided([one.side for one in record.judged])),
            Alarm(record, "coverage", off_coverage(record.in_80, len(record.judged), LEVEL)),
        )
    ]
    return [alarm for alarm in made if alarm.p <= ALARM / len(made)]
