"""平台订单 JSON: procurement orders of trading platforms, one JSON document per order (bulk as NDJSON)."""
