"""数据发现: everything odd about the input data, by name. Nothing is skipped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TITLES: Final[dict[str, str]] = {
    "file.missing": "可选文件缺失 optional file is missing",
    "file.encoding": "文件编码非 UTF-8 file is not UTF-8",
    "row.ragged": "行的列数不符 row with a wrong number of cells",
    "row.blank": "必填单元格为空 a cell that must be filled is blank",
    "row.duplicate": "重复行 duplicated row, used once",
    "row.conflict": "重复行但数值不同 repeated row with other values, the first one stands",
    "text.fullwidth": "全角数字已转半角 full-width digits were read as ASCII",
    "number.unreadable": "数值无法读取 unreadable number, row left out",
    "price.rounded": "单价超过六位小数,已四舍五入 price with more than six decimals was rounded",
    "price.missing": "中选产品无单价 selected product without a price",
    "price.zero": "单价为零 price of zero, not listed",
    "price.differs": "省份价格与中选价不同 price in the province differs from the bid",
    "price.above_ceiling": "中选价高于最高有效申报价 bid above the ceiling",
    "volume.rounded": "数量小数过多,已四舍五入 quantity with too many decimals was rounded",
    "volume.zero": "约定采购量为零 agreed volume is zero",
    "volume.no_winner": "有约定采购量而无中选产品 volumes without a selected product",
    "volume.no_supplier": "该地区无供应企业 region without a supplier for the drug",
    "volume.no_price": "供应产品无单价,未分解任务 the supplied product has no price: no tasks, no orders",
    "winner.no_volume": "中选产品无约定采购量 selected product without volumes",
    "winner.no_region": "中选产品无供应地区 selected product without a supply region",
    "supply.no_volume": "该地区有供应而无约定采购量 supply without volumes in the region",
    "supply.several": "同一地区多家供应,取最低价为主供 several suppliers in a region, the cheapest is taken",
    "spec.several": "多规格按最小单位合并计量 several specs are added up in units",
    "spec.mismatch": "约定采购量规格与中选规格不符 volumes name no spec of the selected product",
    "spec.unreadable": "规格未解析含量 strength could not be read, never converted",
    "drug.ambiguous": "药品名称归并有歧义,分列 names that would fall together are kept apart",
    "drug.form_assumed": "按唯一剂型归并 matched to the only dosage form of that name",
    "drug.matched": "不同名称归并为同一药品 different names were matched to one drug",
    "drug.unmatched": "试点药品在后续批次中无对应 pilot drug without a match in a later batch",
    "enterprise.completed": "简称或截断名称已补全(唯一候选) short or cut-off name completed, one candidate",
    "enterprise.unresolved": "简称或截断名称无法唯一补全,单列 short or cut-off name stays distinct",
    "enterprise.fits_nobody": "价格表中的企业不是该品种中选企业 enterprise fits no selected one",
    "region.unknown": "地区无法识别 region could not be recognised, row left out",
    "region.renamed": "同一地区代码有不同名称 one region code under several names",
    "batch.undated": "批次无开标日期,执行期为构造 batch without a date, its term is constructed",
    "plan.sampled": "订单为抽样 orders are a sample of the tasks",
    "plan.bounded": "演示只演到某一季度 the demo stops at a quarter",
}
"""What can be odd, with its title; the order is the report's."""

_ORDER: Final = {kind: place for place, kind in enumerate(TITLES)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity: its kind (a key of TITLES), what it is about by name, and where it stands."""

    kind: str
    what: str
    where: str


class Findings:
    """The findings of one run; each is kept once, in the order of TITLES, then by name."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def __iter__(self) -> Iterator[Finding]:
        return iter(
            sorted(self._found, key=lambda each: (_ORDER[each.kind], each.where, each.what))
        )

    def __len__(self) -> int:
        return len(self._found)

    def add(self, kind: str, what: str, where: str) -> None:
        """Note an oddity. An unknown kind is a programming error (KeyError)."""
        _ = _ORDER[kind]
        self._found[Finding(kind, what, where)] = None
