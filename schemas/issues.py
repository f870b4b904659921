"""问题清单: what can be wrong with a message, each with a code and a sentence in Chinese and English.

`Rejected` is raised by whoever finds the message wrong (adapter, contract, coding); it always carries
every issue that was found, never only the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    # code: (Chinese sentence, English sentence); {…} are filled from the facts of the case
    "body.empty": ("报文为空", "The body is empty"),
    "body.too_large": (
        "报文超过上限 {limit} 字节",
        "The body is larger than the limit of {limit} bytes",
    ),
    "body.encoding": ("报文不是有效的 {charset} 编码", "The body is not valid {charset}"),
    "body.too_deep": ("报文嵌套超过 {limit} 层", "The body nests deeper than {limit} levels"),
    "json.malformed": ("JSON 无法解析:{detail}", "Malformed JSON: {detail}"),
    "json.duplicate_key": ("JSON 键重复:{key}", "Duplicate JSON key: {key}"),
    "json.not_object": ("应为 JSON 对象", "A JSON object is expected"),
    "xml.malformed": ("XML 无法解析:{detail}", "Malformed XML: {detail}"),
    "xml.doctype": ("XML 不得含 DOCTYPE 或实体声明", "DOCTYPE and entities are refused in XML"),
    "xml.schema": ("不符合 XSD 契约:{detail}", "Does not satisfy the XSD: {detail}"),
    "soap.envelope": ("SOAP 信封有误:{detail}", "Bad SOAP envelope: {detail}"),
    "hl7.framing": ("MLLP 帧有误:{detail}", "Bad MLLP frame: {detail}"),
    "hl7.malformed": ("HL7 报文有误:{detail}", "Malformed HL7 message: {detail}"),
    "hl7.unsupported": ("不支持的 HL7 消息:{detail}", "Unsupported HL7 message: {detail}"),
    "message.unsupported": ("不支持的消息类型:{detail}", "Unsupported message type: {detail}"),
    "message.forbidden": (
        "该对接方无权发送此类消息:{detail}",
        "This partner may not send such messages: {detail}",
    ),
    "sender.mismatch": (
        "报文自称 {sender},与对接方登记不符",
        "The message names its sender {sender}, which is not this partner",
    ),
    "field.required": ("缺少必填字段", "A required field is missing"),
    "field.unknown": ("契约中没有此字段", "The contract has no such field"),
    "field.format": ("格式不符:{detail}", "Wrong format: {detail}"),
    "field.range": ("数值越界:{detail}", "Out of range: {detail}"),
    "field.fullwidth": ("含全角数字,应为半角 ASCII 数字", "Full-width digits; use ASCII digits"),
    "money.number": (
        "金额与数量须为字符串,不得为 JSON 数字",
        "Money and quantities are strings, never JSON numbers",
    ),
    "money.scale": ("小数位不得超过 {scale} 位", "At most {scale} decimals are allowed"),
    "quantity.negative": ("数量不得为负或零", "A quantity must be positive"),
    "date.invalid": ("日期无效:{detail}", "Invalid date: {detail}"),
    "count.mismatch": (
        "申报行数 {declared} 与实际 {found} 不符",
        "{declared} lines declared, {found} found",
    ),
    "sum.mismatch": (
        "合计 {declared} 与各行之和 {found} 不符",
        "Total {declared} differs from the sum of the lines {found}",
    ),
    "line.duplicate": ("行号重复:{detail}", "Duplicate line number: {detail}"),
    "code.unknown": ("编码未对照:{kind} {code}", "Code not in the crosswalk: {kind} {code}"),
    "code.expired": (
        "编码在 {date} 无有效对照:{kind} {code}",
        "No meaning of the code on {date}: {kind} {code}",
    ),
    "pack.inexact": (
        "包装换算结果 {value} 无法以 {scale} 位小数精确表示",
        "The converted value {value} cannot be written exactly with {scale} decimals",
    ),
    "code.refused": (
        "编码不予对照:{kind} {code}:{reason}",
        "The code was refused, it has no unified code: {kind} {code}: {reason}",
    ),
    "crosswalk.overlap": (
        "编码 {code} 同日两义:拟为 {said},已有 {other}({origin})",
        "Two meanings of {code} on one day: {said} is wanted, {other} ({origin}) is believed",
    ),
    "crosswalk.choice": (
        "{other}({chosen})已对应 {unified},{code} 须指明首选或仅入向",
        "{other} ({chosen}) means {unified} already: say whether {code} is preferred or inbound only",
    ),
    "crosswalk.reason": ("须说明理由", "A reason must be given"),
    "crosswalk.replaced": (
        "{id} 不是该编码的现行对照,无可更正或停用",
        "{id} is no version of this code that is believed now: nothing to correct or retire",
    ),
    "crosswalk.unchanged": ("与被更正的 {id} 相同", "The correction of {id} changes nothing"),
    "proposal.unknown": ("没有此提议:{id}", "No such proposal: {id}"),
    "proposal.decided": (
        "提议 {id} 已审定({status})",
        "The proposal {id} was decided before ({status})",
    ),
    "code.system_unknown": ("没有此编码体系:{system}", "No such code system: {system}"),
    "code.not_found": ("没有此编码", "There is no such code"),
    "code.not_yours": (
        "对接方只能查询自己的编码,不得查询 {partner}",
        "A partner asks about its own codes only, not about those of {partner}",
    ),
    "id.conflict": (
        "同一报文编号内容不同,原报文保持不变",
        "Same message id with other content; the first one stands",
    ),
    "id.missing": ("缺少报文编号", "The message id is missing"),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong: where (`path`), what (`code`), and the sentence for a person.

    `facts` are what the sentence says, by name, for a program: nobody needs to take a sentence apart.
    """

    path: str
    code: str
    zh: str
    en: str
    line: int | None = None
    facts: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the issue as it appears in answers."""
        shown: dict[str, Any] = {
            "path": self.path,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
        }
        if self.line is not None:
            shown["line"] = self.line
        if self.facts:
            shown["facts"] = dict(self.facts)
        return shown


def issue(code: str, path: str, /, *, line: int | None = None, **facts: object) -> Issue:
    """Make an issue from the catalogue; an unknown `code` is a programming error (KeyError)."""
    zh, en = CATALOGUE[code]
    said = tuple(sorted((name, str(fact)) for name, fact in facts.items()))
    return Issue(path, code, zh.format(**facts), en.format(**facts), line, said)


class Rejected(Exception):  # noqa: N818 - the outcome's name in the field: the message is rejected
    """The partner must correct the message and send it again. Carries all issues that were found."""

    def __init__(self, *issues: Issue, message_id: str | None = None) -> None:
        super().__init__("; ".join(f"{found.path}: {found.en}" for found in issues))
        self.issues = issues
        self.message_id = message_id
