"""Fixtures that every room's tests may ask for, and how property tests choose their examples."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.postgres_fixture", "tests.kafka_fixture"]

# A red run must be red again on the next machine: the same examples everywhere. `make search` looks
# further, with other examples each time.
settings.register_profile("steady", derandomize=True)
settings.register_profile("searching", print_blob=True)
settings.load_profile("searching" if os.environ.get("JICAI_TEST_SEARCH") == "1" else "steady")
