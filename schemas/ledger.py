"""记账: double-entry postings that conclusions about money carry (复式记账)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from schemas.canonical import Canonical

AMOUNT_PATTERN: Final = r"^[0-9]{1,14}\.[0-9]{2}$"
SHARE_PATTERN: Final = r"^(0\.[0-9]{1,6}|1(\.0{1,6})?)$"
ACCOUNT_PATTERN: Final = r"^[a-z]+:[0-9A-Za-z-]+(:[a-z-]+)?$"

AmountText = Annotated[str, StringConstraints(strict=True, pattern=AMOUNT_PATTERN)]
"""金额(不为负): yuan with two decimals, not negative."""
ShareText = Annotated[str, StringConstraints(strict=True, pattern=SHARE_PATTERN)]
"""比例: 0 to 1 as a decimal, e.g. 0.30."""
Account = Annotated[str, StringConstraints(strict=True, max_length=80, pattern=ACCOUNT_PATTERN)]
"""科目: `fund:settlement`, `fund:vbp-prepayment`, `institution:<code>:vbp-prepayment`, `enterprise:<uscc>` …"""


class Posting(Canonical):
    """分录: one side of an entry. Of `debit` (借) and `credit` (贷) exactly one is not zero.

    The debits of a conclusion equal its credits to the fen.
    """

    account: Account
    debit: AmountText
    credit: AmountText


Postings = Annotated[tuple[Posting, ...], Field(max_length=10)]
