"""规则: pure functions over data, a room per family of rules, hosted by `running`; `registry` lists them all."""
