"""指标登记: counters, gauges and histograms of the catalogue, as Prometheus text (version 0.0.4).

What a metric is follows from its name: `…_total` counts, `…_seconds` is a histogram, all else a gauge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from gateway.metric_names import METRICS

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SERIES_LIMIT: Final = 2000
"""Label sets per metric; beyond it everything is counted under `other`, so that memory stays bounded."""
OTHER: Final = "other"

_Labels = tuple[tuple[str, str], ...]


class Metrics:
    """One registry, handed to whoever counts. Only names of the catalogue are known (else KeyError)."""

    def __init__(self, catalogue: Mapping[str, str] = METRICS) -> None:
        self._catalogue = dict(catalogue)
        self._values: dict[str, dict[_Labels, float]] = {name: {} for name in catalogue}
        self._spread: dict[str, dict[_Labels, list[int]]] = {
            name: {} for name in catalogue if kind_of(name) == "histogram"
        }

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a counter. Raises ValueError when it would go down."""
        self._demand(name, "counter")
        if not by >= 0:
            raise ValueError(f"{name} cannot go down")
        series = self._values[name]
        key = _bounded(series, labels)
        series[key] = series.get(key, 0.0) + by

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._demand(name, "gauge")
        series = self._values[name]
        series[_bounded(series, labels)] = float(value)

    def set_all(self, name: str, label: str, values: Mapping[str, float]) -> None:
        """Set a gauge for exactly these values of one label; what is not named any more vanishes."""
        self._demand(name, "gauge")
        self._values[name].clear()
        for value, number in values.items():
            self.set(name, number, **{label: value})

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram."""
        self._demand(name, "histogram")
        sums = self._values[name]
        key = _bounded(sums, labels)
        sums[key] = sums.get(key, 0.0) + seconds
        spread = self._spread[name].setdefault(key, [0] * (len(BUCKETS) + 1))
        spread[bisect_left(BUCKETS, seconds)] += 1

    def value(self, name: str, **labels: str) -> float:
        """Return a counter's or gauge's value (a histogram's sum); 0.0 when nothing was counted."""
        return self._values[name].get(_key(labels), 0.0)

    def render(self) -> str:
        """Return everything as Prometheus text."""
        lines: list[str] = []
        for name, sentence in self._catalogue.items():
            lines += [f"# HELP {name} {_escaped(sentence)}", f"# TYPE {name} {kind_of(name)}"]
            for key, value in self._values[name].items():
                if name in self._spread:
                    lines += _histogram(name, key, value, self._spread[name][key])
                else:
                    lines.append(f"{name}{_shown(key)} {_number(value)}")
        return "\n".join(lines) + "\n"

    def _demand(self, name: str, kind: str) -> None:
        if name not in self._catalogue:
            raise KeyError(name)
        if kind_of(name) != kind:
            raise ValueError(f"{name} is a {kind_of(name)}, not a {kind}")


def kind_of(name: str) -> str:
    """Return what a metric is, by its name."""
    if name.endswith("_total"):
        return "counter"
    return "histogram" if name.endswith("_seconds") else "gauge"


def _key(labels: Mapping[str, str]) -> _Labels:
    return tuple(sorted(labels.items())) if len(labels) > 1 else tuple(labels.items())


def _bounded(series: Mapping[_Labels, object], labels: Mapping[str, str]) -> _Labels:
    key = _key(labels)
    if key in series or len(series) < SERIES_LIMIT:
        return key
    return tuple((name, OTHER) for name, _ in key)


def _histogram(name: str, key: _Labels, total: float, spread: list[int]) -> list[str]:
    lines, running = [], 0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), spread, strict=True):
        running += number
        lines.append(f"{name}_bucket{_shown((*key, ('le', bound)))} {running}")
    lines.append(f"{name}_sum{_shown(key)} {_number(total)}")
    lines.append(f"{name}_count{_shown(key)} {running}")
    return lines


def _shown(key: _Labels) -> str:
    if not key:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in key) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
