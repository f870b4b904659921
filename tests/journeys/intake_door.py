"""The limit of the journeys' HTTP door, and how its errors and rejections are read."""

from __future__ import annotations

import httpx

LIMIT = 64 << 10


def error_of(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "zh", "en"}
    assert error["zh"]
    assert error["en"]
    return answer.status_code, error["code"]


def codes_of(answer: httpx.Response) -> list[str]:
    (line,) = answer.json()["lines"]
    assert line["state"] == "rejected"
    return [each["code"] for each in line["issues"]]
