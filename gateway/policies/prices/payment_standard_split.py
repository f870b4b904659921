"""支付分担的计算: how an amount is split by the payment standard, to the fen.

What a unit costs above the standard the patient bears (超出支付标准的部分由患者自付); what costs less than
the standard is taken into account as it is (按实际价格支付). Both parts add up to the amount, always.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from schemas.money import PRICE_SCALE, QUANTITY_SCALE, SUM_SCALE, divide_half_up

_PER_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - SUM_SCALE)


class Split(NamedTuple):
    """An amount in fen: `total` is what `fund_base` and `patient_excess` add up to."""

    total: int
    fund_base: int
    patient_excess: int


def split_by_standard(price: int, quantity: int, standard: int) -> Split:
    """Split price × quantity by a standard; prices in 10^-6 yuan, quantities in 10^-4 units.

    The amount and the base are each rounded half up once; the patient's part is the difference.
    Raises ValueError for negative values.
    """
    if min(price, quantity, standard) < 0:
        message = f"negative: {price}, {quantity}, {standard}"
        raise ValueError(message)
    total = divide_half_up(price * quantity, _PER_FEN)
    base = divide_half_up(min(price, standard) * quantity, _PER_FEN)
    return Split(total, base, total - base)
