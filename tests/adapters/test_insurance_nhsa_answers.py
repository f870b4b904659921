"""What an answer of the insurance platform means; the unclear is unknown."""

from __future__ import annotations

import orjson
import pytest

from adapters._kit.protocol import WireRequest, WireResponse
from adapters.insurance_nhsa.answers import understand
from adapters.insurance_nhsa.outbound import write
from tests.adapters.nhsa_messages import RECIPIENT, SALE, outcome, platform

GOOD = '{"result":{"retRslt":"1","msgRslt":"ok"}}'


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        (f'{{"infcode":0,"output":{GOOD}}}', 200, "delivered"),
        (f'{{"infcode":"0","output":{GOOD}}}', 200, "delivered"),
        (orjson.dumps({"infcode": "0", "output": GOOD}).decode(), 200, "delivered"),
        ('{"infcode":"0","output":{"result":{"retRslt":1}}}', 200, "delivered"),
        ('{"infcode":"0","output":{"data":{"returnCode":0}}}', 200, "delivered"),
        ('{"infcode":"0","output":{"data":{"returnCode":"5"}}}', 200, "refused"),
        (
            '{"infcode":"0","output":{"result":{"retRslt":"0","msgRslt":"库存不符"}}}',
            200,
            "refused",
        ),
        ('{"infcode":"0","output":{"result":{"retRslt":"0","msgRslt":"系统繁忙"}}}', 200, "retry"),
        ('{"infcode":"0","output":null}', 200, "retry"),
        ('{"infcode":"0"}', 200, "retry"),
        ('{"infcode":"0","output":"x"}', 200, "retry"),
        ('{"infcode":"0","output":{}}', 200, "retry"),
        ('{"infcode":"3299","err_msg":"重复"}', 200, "already"),
        ('{"infcode":-1,"err_msg":"药品编码不存在"}', 200, "refused"),
        ('{"infcode":"-1","err_msg":"系统繁忙,请稍后再试"}', 200, "retry"),
        ('{"infcode":"-1","err_msg":"Read timed out"}', 200, "retry"),
        ('{"infcode":"-1"}', 200, "refused"),
        ('{"infcode":"-1","err_msg":{"a":1}}', 400, "refused"),
        (f'{{"infcode":"0","output":{GOOD}}}', 503, "retry"),
        (f'{{"infcode":"0","output":{GOOD}}}', 429, "retry"),
        ("<!DOCTYPE html><html>0</html>", 200, "retry"),
        ('{"infcode":"0","infcode":"-1"}', 200, "retry"),
        ('{"code":200}', 200, "retry"),
        ("[]", 200, "retry"),
        ("", 200, "retry"),
    ],
)
def test_success_has_two_levels_and_the_unclear_is_unknown(
    body: str, status: int, meaning: str
) -> None:
    request = WireRequest(b"", "application/json")
    assert understand(WireResponse(status, body.encode()), request).meaning == meaning


def test_the_platforms_own_number_is_kept_as_reference() -> None:
    told = outcome(platform(), write(SALE, RECIPIENT))
    assert told.reference.startswith("53000020260105080000")
