"""规则: pure functions over data, hosted by `runner.py`."""
