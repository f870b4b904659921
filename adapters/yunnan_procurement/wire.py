"""The dialect's words: namespace, contract, result codes. The shapes stand in `wire.xsd`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from adapters._kit.xml import escaped
from adapters._kit.xml_contract import XmlContract

NAMESPACE: Final = "urn:jicai:platform:1"
SERVICE: Final = "urn:jicai:platform:service:1"
OPERATION: Final = "sendRecv"
ARGUMENT: Final = "xmlData"
RESULT: Final = "return"
DOCUMENT: Final = "PlatformMessage"
VERSION: Final = "1.0"
CONTRACT: Final = XmlContract.load(Path(__file__).with_name("wire.xsd"))

# Result codes, near F1: 0 success, 1 fatal (may succeed later), 2 logical (correct and resend),
# 3 advisory (a success with a note).
OK: Final = "00000"
SOME_ROWS_FAILED: Final = "10000"
BUSY: Final = "11001"
INTERNAL: Final = "11002"
CREDENTIALS: Final = "11003"
BAD_XML: Final = "11006"
REFUSED: Final = "22000"
WRONG_COUNT: Final = "22003"
ID_TAKEN: Final = "22011"
WRONG_SUM: Final = "23001"
ALREADY: Final = "32001"
AWAITS_CODE: Final = "33003"
ROW_REFUSED: Final = "13001"
_SEVERITIES: Final = {"0": "ok", "1": "fatal", "2": "logical", "3": "advisory"}


def severity(code: str) -> str:
    """Return ok, advisory, logical or fatal; some refused rows are the sender's to correct."""
    return "logical" if code == SOME_ROWS_FAILED else _SEVERITIES.get(code[:1], "fatal")


def element(name: str, value: Any) -> str:
    """Return one element; "" for a value that is not there."""
    if value is None or value == "":
        return ""
    return f"<{name}>{escaped(str(value))}</{name}>"


def elements(**values: Any) -> str:
    """Return elements in the order given, leaving out those without a value."""
    return "".join([element(name, value) for name, value in values.items()])


def head(
    message_id: str,
    message_type: str,
    platform: str,
    sender: str,
    receiver: str,
    sent_at: str,
    correlation: str = "",
) -> str:
    """Return the Head of a message."""
    inner = elements(
        MessageId=message_id,
        MessageType=message_type,
        Platform=platform,
        Sender=sender,
        Receiver=receiver,
        SentAt=sent_at,
        CorrelationId=correlation,
    )
    return f"<Head>{inner}</Head>"


def platform_message(head_text: str, family: str, main: str, rows: list[str]) -> str:
    """Return a whole PlatformMessage; RowCount is made here, rows are numbered from 1."""
    detail = "".join([f'<Row seq="{seq}">{row}</Row>' for seq, row in enumerate(rows, start=1)])
    return (
        f'<{DOCUMENT} xmlns="{NAMESPACE}" version="{VERSION}">{head_text}<Body><{family}>'
        f"<Main>{main}<RowCount>{len(rows)}</RowCount></Main><Detail>{detail}</Detail>"
        f"</{family}></Body></{DOCUMENT}>"
    )
