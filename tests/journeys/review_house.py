"""A whole gateway with two people who review codes, a hospital and an insurer, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from adapters.insurance_nhsa.simulator import InsurancePlatform
from gateway.bootstrap import Gateway
from gateway.intake.server import HttpServer
from gateway.settings import Settings

ADMIN = "synthetic-admin-key"
HOSPITAL_KEY = "synthetic-key-of-the-hospital"
KEYS = {"li": "synthetic-key-of-li-0001", "wang": "synthetic-key-of-wang-0002"}
INSTITUTION = "H53010100001"
ENTERPRISE = "91530000TEXTAA0001"
OLD, NEW = "XC08CAA001A001010100001", "XC08CAA001A001010100002"
_PARTNERS = """
[[partner]]
id = "his"
name = "合成示例医院"
interface = "canonical"
region = "530000"
auth = "api_key"
settings = {{ institution = "{institution}" }}

[[partner]]
id = "insurer"
name = "合成示例医保"
interface = "insurance_nhsa"
region = "530000"
url = "{url}"
"""
_ROUTES = """
[[route]]
types = ["cn.jicai.crosswalk.mapping_decided.*"]
to = "insurer"
reason = "目录对照 3301/3302"
"""
_OPERATORS = """
[[operator]]
id = "li"
name = "经办甲"
may = ["propose", "approve"]

[[operator]]
id = "wang"
name = "经办乙"
may = ["approve"]
"""
_PRODUCTS = f"""unified_code,drug,drug_name,generic_name,dosage_form,specification,pack,maker,approval_no
{OLD},AMLODIPINE,苯磺酸氨氯地平片,苯磺酸氨氯地平片,片剂,5mg,7片×2板/盒,合成示例制药有限公司,国药准字H20000001
{NEW},AMLODIPINE,苯磺酸氨氯地平片,苯磺酸氨氯地平片,片剂,5mg,7片×4板/盒,合成示例制药有限公司,国药准字H20000001
"""


def now() -> datetime:
    return datetime.now(UTC)


def furnish(home: Path, insurer_url: str) -> None:
    """Write the files of a gateway's home."""
    for folder in ("codes", "secrets/operators"):
        (home / folder).mkdir(parents=True)
    partners = _PARTNERS.format(institution=INSTITUTION, url=insurer_url)
    texts = {
        "partners.toml": partners,
        "routes.toml": _ROUTES,
        "operators.toml": _OPERATORS,
        "codes/products.csv": _PRODUCTS,
        "codes/base.csv": (
            "partner,kind,local_code,unified_code,valid_from,valid_to\n"
            f"his,institution,I1,{INSTITUTION},2026-01-01,\n"
            f"his,enterprise,E1,{ENTERPRISE},2026-01-01,\n"
        ),
        "secrets/his.key": HOSPITAL_KEY,
        "secrets/insurer.key": "synthetic-key-of-the-insurer",
        **{f"secrets/operators/{name}.key": key for name, key in KEYS.items()},
    }
    for name, text in texts.items():
        (home / name).write_text(text, encoding="utf-8")


class House:
    """What a test does there."""

    def __init__(
        self, gateway: Gateway, client: httpx.AsyncClient, insurer: InsurancePlatform
    ) -> None:
        self.gateway, self.client, self.insurer = gateway, client, insurer

    async def order(self, number: str, code: str, day: str = "2026-03-02") -> dict[str, Any]:
        """Let the hospital place an order of one line; return its answer's line."""
        data = {
            "msg_id": number,
            "order_no": f"DD-{number}",
            "institution_local": "I1",
            "distributor_local": "E1",
            "placed_at": f"{day}T09:30:00+08:00",
            "lines": [
                {
                    "line_no": 1,
                    "local_code": code,
                    "quantity": "100.0000",
                    "unit_price": "1.230000",
                    "amount": "123.00",
                }
            ],
            "total": "123.00",
        }
        event = {
            "specversion": "1.0",
            "id": number,
            "source": "urn:example:his",
            "type": "cn.jicai.order.placed.v1",
            "data": data,
        }
        head = {"content-type": "application/cloudevents+json", **self.hospital()}
        answer = await self.client.post("/v1/messages", content=orjson.dumps(event), headers=head)
        told: dict[str, Any] = answer.json()
        return told | {"status": answer.status_code}

    @staticmethod
    def hospital() -> dict[str, str]:
        return {"x-jicai-partner": "his", "x-jicai-key": HOSPITAL_KEY}

    async def way(self, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = (
            await self.client.get(f"/v1/messages/{identity}", headers=self.hospital())
        ).json()
        return found

    async def look(self, path: str, **query: str) -> dict[str, Any]:
        """Ask as an operator with the operators' key."""
        answer = await self.client.get(
            f"/admin/codes/{path}", params=query, headers={"x-admin-key": ADMIN}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def act(self, who: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """Let a person do something with the own key."""
        answer = await self.client.post(
            f"/admin/codes/{path}",
            content=orjson.dumps(body),
            headers={"x-operator-key": KEYS.get(who, who)},
        )
        return answer.status_code, answer.json()

    async def mapped(self, **proposal: str) -> str:
        """Let one person propose a meaning and the other approve it; return its id."""
        given = {"partner": "his", "valid_from": "2026-01-01", **proposal}
        status, told = await self.act("li", "proposals", proposals=[given])
        assert status == 200, told
        assert told["outcomes"][0]["state"] == "accepted", told
        identity: str = told["outcomes"][0]["id"]
        status, told = await self.act("wang", "proposals/approve", ids=[identity])
        assert (status, told["decided"]) == (200, [identity]), told
        return identity


@asynccontextmanager
async def open_house(home: Path, **settings: Any) -> AsyncIterator[House]:
    """Open the gateway with its doors on free ports of this machine."""
    insurer = InsurancePlatform(now, secret=b"synthetic-key-of-the-insurer")
    listening = HttpServer(insurer, "127.0.0.1", 0)
    await listening.start()
    try:
        furnish(home, f"http://127.0.0.1:{listening.port}")
        given = Settings(
            home=home, host="127.0.0.1", port=0, mllp_port=0, admin_key=ADMIN, **settings
        )
        gateway = await Gateway(given).start()
        try:
            base = f"http://127.0.0.1:{gateway.http_port}"
            async with httpx.AsyncClient(base_url=base, timeout=30) as client:
                yield House(gateway, client, insurer)
        finally:
            await gateway.stop()
    finally:
        await listening.stop()
