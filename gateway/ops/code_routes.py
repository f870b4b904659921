"""编码评审接口: work items, candidates, proposals, decisions, impact and correction, under /admin/codes.

Looking needs the operators' key or a person's own; deciding needs a person's own key (`X-Operator-Key`),
because two different people stand behind every meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import SecretStr

from adapters._kit.json_text import parse as strict_json
from gateway.coding.records import OPEN_END, Status
from gateway.errors import Refused, Rejected, issue
from gateway.operators import Operator, Operators, Right
from gateway.ops.code_desk import CodeDesk
from gateway.ops.key import operators_only
from schemas.codes import CodeKind

HEADER: Final = "x-operator-key"
BODY_LIMIT: Final = 16 << 20
IDS_LIMIT: Final = 20_000
Code = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Named = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
Fact = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
Day = Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
Count = Annotated[int, Query(ge=1, le=1000)]


class People:
    """经办人: who asks, by their own key."""

    def __init__(self, admin_key: SecretStr, operators: Callable[[], Operators]) -> None:
        self._operators, self._admin = operators, operators_only(admin_key)

    def looking(self, request: Request) -> None:
        """Raise Refused unless the request shows the operators' key or a person's own."""
        if self._person(request) is None:
            self._admin(request)

    def known(self, request: Request) -> bool:
        """Return whether the request shows the operators' key or a person's own."""
        try:
            self.looking(request)
        except Refused:
            return False
        return True

    def deciding(self, request: Request, right: Right) -> Operator:
        """Return who decides. Raises Refused: 401 nobody, 403 without the right."""
        person = self._person(request)
        if person is None:
            raise Refused(
                "auth.operator_key",
                "需经办人本人密钥(X-Operator-Key)",
                "A person's own key is needed (X-Operator-Key)",
            )
        if right not in person.may:
            raise Refused(
                "operator.right",
                f"{person.id} 无此权限:{right}",
                f"{person.id} may not {right}",
                status=403,
            )
        return person

    def _person(self, request: Request) -> Operator | None:
        key = request.headers.get(HEADER, "")
        return self._operators().authenticate(key.encode("latin-1")) if key else None


def make_code_router(people: People, desk: CodeDesk) -> APIRouter:
    """Return the operators' routes about codes."""
    router = APIRouter(prefix="/admin/codes", tags=["编码评审 code review"])
    _looking(router, people, desk)
    _deciding(router, people, desk)
    _correcting(router, people, desk)
    return router


def _looking(router: APIRouter, people: People, desk: CodeDesk) -> None:
    @router.get("/work", summary="待办编码 codes that messages wait for")
    async def work(
        request: Request, partner: Named = "", limit: Count = 100, after: Named = ""
    ) -> Response:
        people.looking(request)
        return _json(await desk.work(partner, limit, after))

    @router.get("/candidates", summary="候选 ranked candidates with the evidence")
    async def candidates(
        request: Request,
        partner: Code,
        code: Code,
        kind: CodeKind = CodeKind.PRODUCT,
        name: Fact = "",
        specification: Fact = "",
        pack: Fact = "",
        manufacturer: Fact = "",
        approval_no: Fact = "",
        dosage_form: Fact = "",
    ) -> Response:
        people.looking(request)
        facts = {
            "name": name,
            "specification": specification,
            "pack": pack,
            "manufacturer": manufacturer,
            "approval_no": approval_no,
            "dosage_form": dosage_form,
        }
        return _json(await desk.candidates(partner, kind.value, code, facts))

    @router.get("/proposals", summary="提议清单 proposals by state, oldest first")
    async def proposals(
        request: Request,
        status: Status = Status.PROPOSED,
        partner: Named = "",
        after: Named = "",
        limit: Count = 100,
    ) -> Response:
        people.looking(request)
        return _json(await desk.proposals(status, partner, after, limit))

    @router.get("/history", summary="对照沿革 every version of a code")
    async def history(
        request: Request, partner: Code, code: Code, kind: CodeKind = CodeKind.PRODUCT
    ) -> Response:
        people.looking(request)
        return _json(await desk.history(partner, kind.value, code))


def _deciding(router: APIRouter, people: People, desk: CodeDesk) -> None:
    @router.post("/proposals", summary='提议 {"proposals": [{…}], "batch"?: …}')
    async def propose(request: Request) -> Response:
        by = people.deciding(request, "propose")
        given = await _asked(request, {"proposals", "batch"})
        return _json(await desk.propose(given.get("proposals"), by, _text(given, "batch")))

    @router.post("/proposals/approve", summary='审定 {"ids": […]} | {"batch": …} | {"exact": true}')
    async def approve(request: Request) -> Response:
        by = people.deciding(request, "approve")
        given = await _asked(request, {"ids", "batch", "exact", "partner"})
        batch, exact = _text(given, "batch"), given.get("exact", False)
        if not isinstance(exact, bool):
            raise Rejected(issue("field.format", "exact", detail="true | false"))
        ids = _ids(given) if not batch and not exact else []
        told = await desk.approve(
            ids, by, batch=batch, exact=exact, partner=_text(given, "partner")
        )
        return _json(told)

    @router.post("/proposals/refuse", summary='不予通过 {"ids": […], "reason": …}')
    async def refuse(request: Request) -> Response:
        by = people.deciding(request, "approve")
        given = await _asked(request, {"ids", "reason"})
        return _json(await desk.refuse(_ids(given), by, _needed(given, "reason")))

    @router.post("/versions/{version_id}/retire", summary='提议停用 {"reason": …}')
    async def retire(version_id: str, request: Request) -> Response:
        by = people.deciding(request, "propose")
        given = await _asked(request, {"reason"})
        return _json(await desk.retire(version_id, by, _needed(given, "reason")))


def _correcting(router: APIRouter, people: People, desk: CodeDesk) -> None:
    @router.get("/impact", summary="影响范围 what a change of meaning touches")
    async def impact(
        request: Request,
        partner: Code,
        code: Code,
        since: Day,
        kind: CodeKind = CodeKind.PRODUCT,
        until: Day = OPEN_END,
        becomes: Named = "",
    ) -> Response:
        people.looking(request)
        days = (since or "0001-01-01", until or OPEN_END)
        return _json(await desk.impact(partner, kind.value, code, days, becomes))

    @router.post("/recode", summary='重新编码 {"ids": […], "reason": …, "decision"?: …}')
    async def recode(request: Request) -> Response:
        by = people.deciding(request, "approve")
        given = await _asked(request, {"ids", "reason", "decision"})
        reason, decision = _needed(given, "reason"), _text(given, "decision")
        return _json(await desk.recode(_ids(given), by, reason, decision))


async def _asked(request: Request, known: set[str]) -> Mapping[str, Any]:
    """Return the body. Raises Refused (413), Rejected."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise Refused("body.too_large", "请求体过大", "The body is too large", status=413)
    given = strict_json(body)
    if not isinstance(given, dict):
        raise Rejected(issue("json.not_object", ""))
    unknown = [issue("field.unknown", str(name)[:64]) for name in given if name not in known]
    if unknown:
        raise Rejected(*unknown)
    return given


def _ids(given: Mapping[str, Any]) -> list[str]:
    ids = given.get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= IDS_LIMIT:
        raise Rejected(issue("field.required", "ids"))
    if any(type(one) is not str for one in ids):
        raise Rejected(issue("field.format", "ids", detail="texts"))
    return ids


def _text(given: Mapping[str, Any], name: str) -> str:
    text = given.get(name, "")
    if not isinstance(text, str):
        raise Rejected(issue("field.format", name, detail="text"))
    return text


def _needed(given: Mapping[str, Any], name: str) -> str:
    text = _text(given, name).strip()
    if not text:
        raise Rejected(issue("field.required", name))
    return text


def _json(shown: object) -> Response:
    return Response(orjson.dumps(shown, default=str), media_type="application/json")
