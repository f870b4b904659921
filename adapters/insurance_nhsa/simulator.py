"""医保平台模拟: takes calls as the platform would: signature, envelope, tables, idempotency, ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from adapters._kit.json_text import parse
from adapters._kit.signing import Digest, verify
from adapters._kit.simulation import Call, Mood, Said, SimulatedPartner
from adapters._kit.times import CHINA
from adapters.insurance_nhsa.wire import (
    ALREADY,
    ENVELOPE,
    FAILURE,
    HOLD,
    INPUT_LIMIT,
    LISTED,
    MAPPING,
    MAPPING_REVOKED,
    NODES,
    RECORDED,
    RESUME,
    SALE,
    STOCK_COUNT,
    SUCCESS,
    TRACE_FIELDS,
    check,
)
from schemas.issues import Rejected
from schemas.money import line_amount

DIVISION: Final = "530000"
_MSGID_LENGTH: Final = 30


class InsurancePlatform(SimulatedPartner):
    """The platform. `secret` b"" switches the signature check off; `accounts` () takes any x-ca-key."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        secret: bytes = b"",
        digest: Digest = "sm3",
        accounts: tuple[str, ...] = (),
        division: str = DIVISION,
        mood: Mood | None = None,
    ) -> None:
        super().__init__(clock, mood)
        self._secret = secret
        self._digest: Digest = digest
        self._accounts = accounts
        self._division = division
        self._seen: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._answers = 0
        self.received: list[dict[str, Any]] = []
        """Every recorded call once: the envelope with its input."""
        self.repeats = 0
        self.shared_numbers: list[str] = []
        """msgids under which different records came: taken (bchno is the key), but worth a look."""
        self.stock: dict[tuple[str, str, str], str] = {}
        """Newest counted quantity by (institution, item, lot)."""
        self.sold_fen: dict[str, int] = {}
        """Sum of price × quantity by institution, in fen."""
        self.sold_traces: dict[str, list[str]] = {}
        """Trace code → batch numbers of the sales that named it (two and more: suspected resale)."""
        self.holds: dict[str, str] = {}
        """Open holds: hold_id → institution."""
        self.mappings: dict[tuple[str, str], list[dict[str, Any]]] = {}
        """Catalogue mappings (3301) that were not revoked, by (institution, item)."""
        self.revoked: set[tuple[str, str, str]] = set()
        """(institution, item, national code) that were revoked (3302)."""

    def answer(self, call: Call) -> Said:
        """Check the call as the platform would; a good one goes into the ledger once."""
        if trouble := self._unsigned(call):
            return self._say(FAILURE, trouble)
        try:
            given = parse(call.body)
        except Rejected as wrong:
            return self._say(FAILURE, wrong.issues[0].zh)
        if not isinstance(given, dict):
            return self._say(FAILURE, "报文应为 JSON 对象")
        trouble = _trouble(given)
        return self._say(FAILURE, trouble) if trouble else self._record(given)

    def _unsigned(self, call: Call) -> str:
        if self._accounts and call.headers.get("x-ca-key") not in self._accounts:
            return "账号不存在"
        if not self._secret:
            return ""
        header = call.headers.get("x-ca-signature", "")
        wrong = verify(header, call.body, self._secret, self.seconds(), self._digest)
        return f"签名校验失败: {wrong}" if wrong else ""

    def _record(self, given: dict[str, Any]) -> Said:
        infno = given["infno"]
        record = _record_of(given)
        if infno in (MAPPING, MAPPING_REVOKED):
            return self._map(given, record)
        key = record.get("fixmedins_bchno") or record["notice_no"]
        content = orjson.dumps(given["input"], option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(infno.encode() + content).hexdigest()
        if key in self._seen:
            if self._seen[key] != digest:
                return self._say(FAILURE, f"批次流水号 {key} 已用于其他内容")
            self.repeats += 1
            return self._say(ALREADY, "此前已登记")
        if self._numbers.setdefault(given["msgid"], key) != key:
            self.shared_numbers.append(given["msgid"])
        if infno == RESUME and record["hold_id"] not in self.holds:
            return self._say(FAILURE, f"没有暂停记录 {record['hold_id']}")
        self._seen[key] = digest
        self.received.append(given)
        self._book(infno, given["fixmedins_code"], record)
        return self._say(SUCCESS, "")

    def _map(self, given: dict[str, Any], record: Mapping[str, Any]) -> Said:
        """Keep catalogue mappings: an item means one thing on a day; what it meant is revoked first."""
        item = (given["fixmedins_code"], record["fixmedins_hilist_id"])
        known = self.mappings.setdefault(item, [])
        same = [one for one in known if one["med_list_codg"] == record["med_list_codg"]]
        if given["infno"] == MAPPING:
            if record in known:
                self.repeats += 1
                return self._say(ALREADY, "此前已登记")
            if any(_overlap(one, record) for one in known):
                return self._say(FAILURE, f"目录 {item[1]} 同期已有对照")
            known.append(dict(record))
        elif not same:
            if (*item, record["med_list_codg"]) not in self.revoked:
                return self._say(FAILURE, f"目录 {item[1]} 没有此对照")
            self.repeats += 1
            return self._say(ALREADY, "此前已撤销")
        else:
            known.remove(same[-1])
            self.revoked.add((*item, record["med_list_codg"]))
        self.received.append(given)
        return self._say(SUCCESS, "")

    def _book(self, infno: str, institution: str, record: Mapping[str, Any]) -> None:
        if infno == STOCK_COUNT:
            item = (institution, record["fixmedins_hilist_id"], record["manu_lotnum"])
            self.stock[item] = record["inv_cnt"]
        elif infno == SALE:
            amount = line_amount(record.get("finl_trns_pric", "0"), record["sel_retn_cnt"])
            self.sold_fen[institution] = self.sold_fen.get(institution, 0) + amount
            for each in record.get("drugtracinfo", ()):
                sales = self.sold_traces.setdefault(each["drug_trac_codg"], [])
                sales.append(record["fixmedins_bchno"])
        elif infno == HOLD:
            self.holds[record["hold_id"]] = institution
        elif infno == RESUME:
            del self.holds[record["hold_id"]]

    def glance(self, call: Call, said: Said) -> str:
        """Return transaction, message number and result code."""
        try:
            given, told = orjson.loads(call.body), orjson.loads(said.body)
            return (
                f"{given['infno']} {given['msgid']} → {told['infcode']} {told['err_msg']}".strip()
            )
        except (orjson.JSONDecodeError, TypeError, KeyError):
            return ""

    def error_inside(self, call: Call) -> Said:  # noqa: ARG002 - the work is not done
        """Answer a passing failure under HTTP 200."""
        return self._say(FAILURE, "系统繁忙,请稍后再试")

    def _say(self, code: str, text: str) -> Said:
        self._answers += 1
        now = self.clock().astimezone(CHINA)
        stamp = now.strftime("%Y%m%d%H%M%S")
        told: dict[str, Any] = {
            "infcode": code,
            "inf_refmsgid": f"{self._division}{stamp}{self._answers:010d}",
            "refmsg_time": f"{stamp}{now.microsecond // 1000:03d}",
            "respond_time": f"{stamp}{now.microsecond // 1000:03d}",
            "err_msg": text,
        }
        if code == SUCCESS:
            told["output"] = {"result": {"retRslt": RECORDED, "msgRslt": "成功"}}
        return Said(orjson.dumps(told), "application/json; charset=utf-8")

    def ledger(self) -> dict[str, Any]:
        """Return what was recorded, with sums in fen."""
        return {
            "received": self.received,
            "repeats": self.repeats,
            "calls": len(self.calls),
            "shared_numbers": self.shared_numbers,
            "stock": [[*item, quantity] for item, quantity in sorted(self.stock.items())],
            "sold_fen": self.sold_fen,
            "resold": {code: sold for code, sold in self.sold_traces.items() if len(sold) > 1},
            "holds": self.holds,
            "mappings": [
                [*item, one["begndate"], one["med_list_codg"]]
                for item, listed in self.mappings.items()
                for one in listed
            ],
        }


def _trouble(given: Mapping[str, Any]) -> str:
    """Return the first thing the platform would refuse; "" for nothing."""
    found = check({name: value for name, value in given.items() if name != "input"}, ENVELOPE, "")
    if found:
        return f"{found[0].path}: {found[0].zh}"
    if len(given["msgid"]) != _MSGID_LENGTH or not given["msgid"].startswith(
        given["fixmedins_code"]
    ):
        return "msgid: 应为机构编号、时间与四位流水号"
    infno, wrapped = given["infno"], given.get("input")
    if infno not in NODES:
        return f"infno: 不支持的交易 {infno}"
    node, fields = NODES[infno]
    if not isinstance(wrapped, dict) or not _has_node(wrapped.get(node), infno):
        return f"input.{node}: 缺少节点"
    if len(orjson.dumps(wrapped).decode()) > INPUT_LIMIT:
        return "input: 超长"
    record = _record_of(given)
    found = check(record, fields, node)
    for each in record.get("drugtracinfo") or ():
        found += check(each, TRACE_FIELDS, "drugtracinfo") if isinstance(each, dict) else []
    return f"{found[0].path}: {found[0].zh}" if found else ""


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = (one["begndate"], one["enddate"]), (other["begndate"], other["enddate"])
    return bool(first[0] <= second[1] and second[0] <= first[1])


def _has_node(given: Any, infno: str) -> bool:
    if infno in LISTED:
        return isinstance(given, list) and len(given) == 1 and isinstance(given[0], dict)
    return isinstance(given, dict)


def _record_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one record of a call."""
    node: Any = given["input"][NODES[given["infno"]][0]]
    record: dict[str, Any] = node[0] if given["infno"] in LISTED else node
    return record


def make_simulator(
    clock: Callable[[], datetime],
    *,
    secret: bytes = b"",
    digest: Digest = "sm3",
    mood: Mood | None = None,
) -> InsurancePlatform:
    """Return the platform as a server; it only receives."""
    return InsurancePlatform(clock, secret=secret, digest=digest, mood=mood)
