"""Fixtures that every room's tests may ask for, and how property tests choose their examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgres_fixture", "tests.kafka_fixture"]

# A red run must be red again on the next machine: the same examples everywhere. `make search` looks
# further, with other examples each time. The first draw of a text in a fresh checkout builds a table of all
# characters, which takes seconds on a busy machine and says nothing about a test: it may be slow. For the
# same reason no single example has a deadline; what must be fast is measured in `benchmarks/`.
_MAY_BE_SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=_MAY_BE_SLOW
)
settings.register_profile(
    "searching", print_blob=True, deadline=None, suppress_health_check=_MAY_BE_SLOW
)
settings.load_profile("searching" if os.environ.get("JICAI_TEST_SEARCH") == "1" else "steady")
