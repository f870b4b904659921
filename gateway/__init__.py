"""网关: the map.

    intake/    接入      partner API, batch and NDJSON, MLLP; authentication; per-line answers
    coding/    统一编码  partner code → unified code as of a day; unknown codes hold
    journal/   留痕      append, dedupe, chain, search (SQLite | PostgreSQL); the truth
    bus/       消息      topics, partitions, groups (Kafka | embedded); the road
    policies/  规则      pure functions over data; the runner; explain
    delivery/  下发      routes, per-partner ordered queues, retry, breaker, dead letters
    ops/       运维      health, metrics, admin API

`flow.py` is the order of steps, `bootstrap.py` the only place that puts the rooms together, `ports`
what the rooms need of the world. What travels: `schemas/envelope.py`. With whom: `adapters/registry.py`.
"""
