"""目录对照 3301 and its revocation 3302: what an institution's own item is in the national catalogue.

Fields as the public transcriptions of the tables have them; `list_type` follows from what the national
code is a code of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters._kit.times import UNTIL_FURTHER_NOTICE
from adapters.insurance_nhsa.wire import MAPPING, MAPPING_REVOKED
from schemas.envelope import Message
from schemas.events import CROSSWALK_MAPPING_DECIDED

Data = Mapping[str, Any]
OPEN_END: Final = "9999-12-31"
LIST_TYPES: Final = {
    "western_drug": "101",
    "chinese_patent_drug": "101",
    "decoction_piece": "102",
    "consumable": "301",
}
"""What the code is a code of → 目录类别."""
_TOLD: Final = {"approved": MAPPING, "retired": MAPPING_REVOKED}


def concerns(message: Message) -> bool:
    """Return whether the platform keeps such a mapping: of an institution's product, in force or ended."""
    if message.type != CROSSWALK_MAPPING_DECIDED:
        return True
    data = message.content()
    return (
        data["kind"] == "product"
        and data["decision"] in _TOLD
        and _decided(data).get("relation") == "equivalent"
        and bool(data.get("institution"))
    )


def transaction(data: Data) -> str:
    """Return the transaction that tells the decision."""
    return _TOLD[data["decision"]]


def mapping_record(message: Message, data: Data, settings: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001 - one signature for all records
    """3301 or 3302 data. Without a name the item is named by its number: the platform demands one."""
    record = {
        "fixmedins_hilist_id": data["local_code"],
        "list_type": LIST_TYPES.get(data.get("product_kind", ""), settings.get("list_type", "")),
        "med_list_codg": _decided(data).get("unified_code", ""),
    }
    if data["decision"] == "retired":
        return {"fixmedins_code": data["institution"], **record}
    until = data["valid_to"]
    record |= {
        "fixmedins_hilist_name": data.get("local_name") or data["local_code"],
        "begndate": data["valid_from"],
        "enddate": UNTIL_FURTHER_NOTICE if until == OPEN_END else until,
        "spec": data.get("local_specification", ""),
        "memo": f"对照编号 {data['proposal_id']}",
    }
    return {name: value for name, value in record.items() if value}


def _decided(data: Data) -> Data:
    """Return what the decision is about: what is in force from now on, or what was until now."""
    previous: Data | None = data.get("previous")
    return previous if data["decision"] == "retired" and previous else data
