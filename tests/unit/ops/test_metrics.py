"""The registry counts what the catalogue names, and says it as Prometheus reads it."""

from __future__ import annotations

import pytest

from gateway.metric_names import METRICS
from gateway.ops.metrics import SERIES_LIMIT, Metrics

ATTEMPTS = "jicai_delivery_attempts_total"
DEAD = "jicai_delivery_dead_letters"
INTAKE = "jicai_intake_seconds"


def test_a_counter_counts_per_label_set_whatever_the_order_of_labels() -> None:
    metrics = Metrics()
    metrics.count(ATTEMPTS, partner="a", meaning="retry")
    metrics.count(ATTEMPTS, 2, meaning="retry", partner="a")
    metrics.count(ATTEMPTS, partner="b", meaning="retry")
    assert metrics.value(ATTEMPTS, partner="a", meaning="retry") == 3
    assert f'{ATTEMPTS}{{meaning="retry",partner="a"}} 3\n' in metrics.render()


def test_every_metric_of_the_catalogue_has_help_and_type() -> None:
    text = Metrics().render()
    assert text.endswith("\n")
    for name in METRICS:
        assert f"# HELP {name} " in text
        assert f"# TYPE {name} " in text


def test_a_histogram_has_cumulative_buckets_sum_and_count() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 0.5, 99.0):
        metrics.observe(INTAKE, seconds)
    text = metrics.render()
    assert f'{INTAKE}_bucket{{le="0.001"}} 1\n' in text
    assert f'{INTAKE}_bucket{{le="0.0025"}} 2\n' in text
    assert f'{INTAKE}_bucket{{le="10.0"}} 3\n' in text
    assert f'{INTAKE}_bucket{{le="+Inf"}} 4\n' in text
    assert f"{INTAKE}_count 4\n" in text
    assert f"{INTAKE}_sum 99.5021\n" in text


def test_a_gauge_that_is_set_anew_forgets_partners_that_are_gone() -> None:
    metrics = Metrics()
    metrics.set_all(DEAD, "partner", {"a": 1, "b": 2})
    metrics.set_all(DEAD, "partner", {"b": 3})
    text = metrics.render()
    assert f'{DEAD}{{partner="b"}} 3\n' in text
    assert 'partner="a"' not in text


def test_label_values_cannot_break_out_of_their_line() -> None:
    metrics = Metrics()
    metrics.set(DEAD, 1, partner='x"} 9\nevil 1\\')
    [line] = [each for each in metrics.render().splitlines() if each.startswith(f"{DEAD}{{")]
    assert line == f'{DEAD}{{partner="x\\"}} 9\\nevil 1\\\\"}} 1'


def test_names_outside_the_catalogue_and_wrong_kinds_are_refused() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError):
        metrics.count("jicai_unheard_of_total")
    with pytest.raises(ValueError, match="not a counter"):
        metrics.count(DEAD)
    with pytest.raises(ValueError, match="not a gauge"):
        metrics.set(ATTEMPTS, 1)
    with pytest.raises(ValueError, match="not a histogram"):
        metrics.observe(DEAD, 1)


@pytest.mark.parametrize("by", [-1, float("nan")])
def test_a_counter_never_goes_down(by: float) -> None:
    with pytest.raises(ValueError, match="cannot go down"):
        Metrics().count(ATTEMPTS, by)


def test_too_many_label_sets_are_counted_under_other() -> None:
    metrics = Metrics()
    for number in range(SERIES_LIMIT + 5):
        metrics.count(ATTEMPTS, partner=f"p{number}")
    metrics.count(ATTEMPTS, partner="p0")
    assert metrics.value(ATTEMPTS, partner="other") == 5
    assert metrics.value(ATTEMPTS, partner="p0") == 2
