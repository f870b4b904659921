"""The records inside the envelope: 盘存 3501, 销售 3505, and the notices of ours.

What a HIS did not say is taken from the recipient's settings or left out; no person is ever made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters._kit.times import UNTIL_FURTHER_NOTICE, plain_instant
from schemas.envelope import Message
from schemas.issues import Rejected, issue
from schemas.money import QUANTITY_SCALE, plain, scaled

Data = Mapping[str, Any]
Settings = Mapping[str, str]
COUNT_SCALE: Final = 2
BATCH_NUMBER_BYTES: Final = 15
"""30 hexadecimal digits: as long as the field."""
_DAY: Final = 10
_UNKNOWN_MADE_ON: Final = "生产日期未提供"


def batch_number(message: Message) -> str:
    """Return fixmedins_bchno, the platform's idempotency and deletion key, made from the message's id."""
    return hashlib.blake2b(message.id.encode(), digest_size=BATCH_NUMBER_BYTES).hexdigest()


def _goods(message: Message, data: Data) -> dict[str, Any]:
    # an item without a name is named by its number: the platform demands a name
    return {
        "med_list_codg": data["unified_code"],
        "fixmedins_hilist_id": data["local_code"],
        "fixmedins_hilist_name": data.get("product_name") or data["local_code"],
        "fixmedins_bchno": batch_number(message),
    }


def _traces(data: Data) -> dict[str, Any]:
    codes: Sequence[str] = data.get("trace_codes") or ()
    return {"drugtracinfo": [{"drug_trac_codg": code} for code in codes]} if codes else {}


def count_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:
    """3501 invinfo. Raises Rejected when the count has more than two decimals."""
    counted = str(data["counted_quantity"])
    try:
        quantity = plain(scaled(counted, COUNT_SCALE), COUNT_SCALE)
    except ValueError:
        raise Rejected(issue("money.scale", "invinfo.inv_cnt", scale=COUNT_SCALE)) from None
    return {
        **_goods(message, data),
        "rx_flag": settings.get("rx_flag", "1"),
        "invdate": plain_instant(data["counted_at"])[:_DAY],
        "inv_cnt": quantity,
        "manu_lotnum": data["batch_no"],
        "manu_date": data["made_on"],
        "expy_end": data["expires_on"],
        **_traces(data),
    }


def sale_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:
    """3505 selinfo, with the trace codes of the packs that were handed out."""
    pharmacist = data.get("pharmacist") or settings.get("pharmacist")
    return _present(
        **_goods(message, data),
        prsc_dr_name=data.get("prescriber") or settings.get("prescriber"),
        phar_name=pharmacist,
        phar_prac_cert_no=settings.get("pharmacist_certificate"),
        hi_feesetl_type=settings.get("fee_settlement_type"),
        # without a visit number the dispensing's own number leads back to the visit
        mdtrt_sn=data.get("encounter") or data["dispense_no"],
        manu_lotnum=data.get("batch_no"),
        **_made_on(data, settings),
        expy_end=data.get("expires_on"),
        rx_flag=settings.get("rx_flag", "1"),
        trdn_flag="1" if data.get("split_pack") else "0",
        finl_trns_pric=data.get("unit_price"),
        rxno=data.get("prescription_no"),
        rtal_docno=data["dispense_no"],
        sel_retn_cnt=data["quantity"],
        sel_retn_time=plain_instant(data["dispensed_at"]),
        sel_retn_opter_name=pharmacist,
        mdtrt_setl_type=settings.get("settlement_type"),
        **_traces(data),
    )


def _made_on(data: Data, settings: Settings) -> dict[str, Any]:
    if data.get("made_on"):
        return {"manu_date": data["made_on"]}
    unknown = settings.get("unknown_made_on", UNTIL_FURTHER_NOTICE)
    if unknown == "refuse":
        return {}
    return {"manu_date": unknown, "memo": _UNKNOWN_MADE_ON}


def _notice(message: Message, data: Data) -> dict[str, Any]:
    because = data["because"]
    return {
        "notice_no": message.id,
        "fixmedins_code": data["institution"],
        "drug_code": data["drug"],
        "drug_name": data["drug_name"],
        "admdvs": data["region"],
        "batch_no": data["batch"],
        "rule": because["rule"],
        "clauses": because["clauses"],
        "causes": because["causes"],
        "arithmetic": because["arithmetic"] or None,
    }


def _progress(data: Data) -> dict[str, Any]:
    return {
        "period": data["period"],
        "accepted_cnt": _quantity(data["accepted_quantity"]),
        "task_cnt": _quantity(data["task_quantity"]),
        "completion": data["completion"],
    }


def _quantity(text: str) -> str:
    return plain(scaled(text, QUANTITY_SCALE), QUANTITY_SCALE)


def hold_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:  # noqa: ARG001 - one signature for all records
    """JC01 暂停结算: `hold_id` is what JC02 will name; figures put right come under the same `hold_id`."""
    return _present(
        **_notice(message, data),
        **_progress(data),
        replaced_no=data.get("replaces"),
        hold_id=data["hold_no"],
        held_from=data["held_from"],
    )


def resume_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:  # noqa: ARG001
    """JC02 恢复结算."""
    return _present(
        **_notice(message, data), hold_id=data["hold_no"], resumed_on=data["resumed_on"]
    )


def warning_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:  # noqa: ARG001
    """JC03 采购进度预警."""
    return _present(
        **_notice(message, data),
        **_progress(data),
        replaced_no=data.get("replaces"),
        warned_on=data["warned_on"],
    )


def lifted_record(message: Message, data: Data, settings: Settings) -> dict[str, Any]:  # noqa: ARG001
    """JC04 预警解除."""
    return _present(
        **_notice(message, data),
        period=data["period"],
        completion=data["completion"],
        ended_no=data["warning_id"],
        lifted_on=data["lifted_on"],
    )


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}
