"""模拟年的场景: what has to follow, rule by rule, with the clause that it must cite.

The scenes themselves are told by `year_scenes_money` and `year_scenes_goods`; here stands what each of
them must bring about. A scene whose rule nobody judges yet is pending, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.demo.year_cast import CHONGQING, GUIZHOU, LINCANG, QUJING, YUNNAN
from gateway.demo.year_evidence import Told
from gateway.demo.year_goods import Year
from gateway.demo.year_scenes_goods import stage_goods
from gateway.demo.year_scenes_money import stage_money
from gateway.demo.year_scenes_supply import stage_supply
from gateway.policies.registry import POLICIES
from schemas import events as e

_LC: Final = "临政办发〔2021〕77号 "
_YN: Final = "云医保〔2020〕71号 "
_GZ: Final = "黔医保发〔2019〕69号 "
_QJ: Final = "曲政办发〔2022〕10号 "
_CQ: Final = "渝府办发〔2019〕29号 "


@dataclass(frozen=True, slots=True)
class Scene:
    """场景: `type` must be concluded in the region, citing the clause; `input` is what brings it about."""

    rule: str
    region: str
    title: str
    input: str
    type: str
    clause: str

    @property
    def pending(self) -> bool:
        """Return whether no policy takes the input yet."""
        return not any(self.input in policy.consumes for policy in POLICIES)

    def shown_by(self, told: Iterable[Told]) -> bool:
        """Return whether a conclusion is the one that this scene expects."""
        return any(
            each.type == self.type
            and any(_within(where, self.region) for where in _places(each))
            and self.clause in each.data["because"]["clauses"]
            for each in told
        )


def _places(told: Told) -> tuple[str, str]:
    """Return where a conclusion belongs: its region, and its institution's (a period closes for a province)."""
    return str(told.data.get("region", "")), str(told.data.get("institution", ""))[1:7]


def _within(region: str, where: str) -> bool:
    return region.startswith(where.rstrip("0").ljust(2, "0"))


SCENES: Final = tuple(
    Scene(*given)
    for given in (
        ("R1", LINCANG, "报量低于上年使用量 70%", e.VOLUME_REPORTED, e.VOLUME_REPORT_SHORT, _LC + "三"),
        ("R1", QUJING, "报量低于上年使用量 85%", e.VOLUME_REPORTED, e.VOLUME_REPORT_SHORT, _QJ + "四（一）2"),
        ("R1", YUNNAN, "公立机构未报量", e.VOLUME_REPORTED, e.VOLUME_REPORT_MISSING, _YN + "四（三）"),
        ("R1", YUNNAN, "需求汇总", e.VOLUME_USED_LAST_YEAR, e.VOLUME_DEMAND_SUMMED, _YN + "四（二）"),
        ("R1", GUIZHOU, "公布量按占比分解", e.VOLUME_PUBLISHED, e.VOLUME_SPLIT_COMPUTED, _GZ + "五（一）"),
        ("R1", CHONGQING, "上年总用量 60%-70%", e.VOLUME_USED_LAST_YEAR, e.VOLUME_DEMAND_SUMMED, _CQ + "二（二）"),
        ("R2", YUNNAN, "合同金额 30% 预付", e.CONTRACT_SIGNED, e.PREPAYMENT_DUE, _YN + "四（四）"),
        ("R2", LINCANG, "季度打包含 30%", e.PREPAYMENT_PACKAGE_SET, e.PREPAYMENT_DUE, _LC + "四"),
        ("R2", GUIZHOU, "上年月均 30% 预付", e.FUND_YEAR_PAID, e.PREPAYMENT_DUE, _GZ + "五（三）"),
        ("R2", GUIZHOU, "预付清算", e.PREPAYMENT_CLEARING_STATED, e.PREPAYMENT_CLEARED, _GZ + "五（三）"),
        ("R2", QUJING, "合同金额 30% 预付", e.CONTRACT_SIGNED, e.PREPAYMENT_DUE, _YN + "四（四）"),
        ("R2", CHONGQING, "采购金额 50% 预付", e.CONTRACT_SIGNED, e.PREPAYMENT_DUE, _CQ + "二（七）"),
        ("R2", CHONGQING, "年终清算", e.PREPAYMENT_CLEARING_STATED, e.PREPAYMENT_CLEARED, _CQ + "二（八）"),
        ("R3", GUIZHOU, "逾期回款预警", e.PAYMENT_MADE, e.PAYMENT_OVERDUE, _GZ + "五（三）"),
        ("R3", GUIZHOU, "十个工作日后缓支", e.PAYMENT_MADE, e.FUND_PAYMENT_HELD, _GZ + "五（三）"),
        ("R3", GUIZHOU, "回款后恢复拨付", e.PAYMENT_MADE, e.FUND_PAYMENT_RESUMED, _GZ + "五（三）"),
        ("R3", LINCANG, "逾期缓拨", e.PAYMENT_MADE, e.FUND_PAYMENT_HELD, _LC + "四"),
        ("R3", QUJING, "次月底逾期预警", e.PAYMENT_MADE, e.PAYMENT_OVERDUE, _QJ + "四（四）3"),
        ("R3", QUJING, "定期通报", e.PAYMENT_MADE, e.PAYMENT_OVERDUE_PUBLISHED, _QJ + "四（四）3"),
        ("R3", YUNNAN, "合同期限逾期", e.PAYMENT_MADE, e.PAYMENT_OVERDUE, _YN + "四（四）"),
        ("R3", CHONGQING, "合同期限逾期", e.PAYMENT_MADE, e.PAYMENT_OVERDUE, _CQ + "二（七）"),
        ("R4", GUIZHOU, "低于 80% 预警", e.VOLUME_PERIOD_CLOSED, e.PROGRESS_WARNED, _GZ + "五（三）"),
        ("R4", GUIZHOU, "低于 70% 暂停结算", e.VOLUME_PERIOD_CLOSED, e.SETTLEMENT_HELD, _GZ + "五（三）"),
        ("R4", GUIZHOU, "累计完成恢复结算", e.ACCEPTANCE_RECORDED, e.SETTLEMENT_RESUMED, _GZ + "五（三）"),
        ("R4", GUIZHOU, "按月公示", e.VOLUME_PERIOD_CLOSED, e.PROGRESS_PUBLISHED, _GZ + "五（四）"),
        ("R4", YUNNAN, "期满未完成", e.VOLUME_PERIOD_CLOSED, e.PROGRESS_UNFINISHED, _YN + "四（五）"),
        ("R4", QUJING, "期满未完成", e.VOLUME_PERIOD_CLOSED, e.PROGRESS_UNFINISHED, _QJ + "四（四）1"),
        ("R4", CHONGQING, "期满未完成", e.VOLUME_PERIOD_CLOSED, e.PROGRESS_UNFINISHED, _CQ + "二（八）"),
        ("R5", GUIZHOU, "非中选超量", e.ACCEPTANCE_RECORDED, e.VOLUME_CAP_BREACHED, _GZ + "五（一）"),
        ("R5", QUJING, "非中选超量", e.ACCEPTANCE_RECORDED, e.VOLUME_CAP_BREACHED, _QJ + "四（三）1"),
        ("R5", CHONGQING, "折算后超量", e.ACCEPTANCE_RECORDED, e.VOLUME_CAP_BREACHED, _CQ + "二（二）"),
        ("R6", GUIZHOU, "中选价为支付标准", e.PRICE_LISTED, e.PAYMENT_STANDARD_SET, _GZ + "五（五）"),
        ("R6", CHONGQING, "集采价为支付标准", e.PRICE_LISTED, e.PAYMENT_STANDARD_SET, _CQ + "二（四）"),
        ("R6", QUJING, "非中选不高于同组最高中选价", e.PRICE_LISTED, e.PAYMENT_STANDARD_CAPPED, _QJ + "四（四）2"),
        ("R7", YUNNAN, "随省外价格联动", e.PRICE_LISTED, e.PRICE_LINKED, _YN + "四（一）"),
        ("R7", CHONGQING, "执行全国最低价", e.PRICE_LISTED, e.PRICE_LINKED, _CQ + "二（四）"),
        ("R7", QUJING, "价格共享联动建议", e.PRICE_LISTED, e.PRICE_LINK_PROPOSED, _QJ + "四（五）1、3"),
        ("R7", GUIZHOU, "三家过评可暂停资格", e.CONSISTENCY_PASSED, e.LISTING_SUSPENDED, _GZ + "五（一）"),
        ("R8", GUIZHOU, "采购周期", e.VOLUME_PUBLISHED, e.VOLUME_TERM_COMPUTED, _GZ + "四（三）"),
        ("R8", YUNNAN, "超量部分仍按中选价", e.ACCEPTANCE_RECORDED, e.VOLUME_OVER_TASK_PRICE_BREACHED, _YN + "四（二）"),
        ("R8", CHONGQING, "十二个月周期", e.VOLUME_PUBLISHED, e.VOLUME_TERM_COMPUTED, _CQ + "三"),
        ("R9", YUNNAN, "配送企业超过三家", e.DISTRIBUTION_CHOSEN, e.DISTRIBUTION_LIMIT_EXCEEDED, _YN + "四（六）"),
        ("R9", GUIZHOU, "非选定企业配送", e.DISTRIBUTION_CHOSEN, e.DISTRIBUTION_UNCHOSEN_FOUND, _GZ + "五（二）"),
        ("R9", QUJING, "超过两票", e.INVOICE_ISSUED, e.DISTRIBUTION_INVOICES_EXCEEDED, _QJ + "四（二）2"),
        ("R10", QUJING, "抢救采购逾期备案", e.PURCHASE_SELF_FILED, e.PURCHASE_FILING_BREACHED, _QJ + "四（三）1"),
        ("R10", QUJING, "备案采购超过 5%", e.PURCHASE_TOTAL_STATED, e.PURCHASE_FILED_SHARE_EXCEEDED, _QJ + "四（三）1"),
        ("R10", YUNNAN, "网下采购可不予支付", e.PURCHASE_OFF_PLATFORM_FOUND, e.PURCHASE_NOT_PAYABLE, _YN + "四（五）"),
        ("R11", YUNNAN, "药店加价由患者负担", e.RETAIL_SOLD, e.PAYMENT_SPLIT_COMPUTED, _YN + "四（四）"),
        ("R12", YUNNAN, "月报缺报", e.SUPPLY_REPORTED, e.SUPPLY_REPORT_MISSING, _YN + "四（六）"),
        ("R12", YUNNAN, "优先采购他省中选药品", e.SUPPLY_FAILED, e.SUPPLY_SUBSTITUTION_LISTED, _YN + "四（六）"),
        ("R12", GUIZHOU, "不能供应的措施", e.SUPPLY_FAILED, e.SUPPLY_MEASURES_PROPOSED, _GZ + "五（二）"),
        ("R12", CHONGQING, "停产短缺预警", e.SUPPLY_HALT_REPORTED, e.SUPPLY_SHORTAGE_WARNED, _CQ + "四"),
        ("R13", YUNNAN, "处方量变化", e.PRESCRIBING_COUNTED, e.PRESCRIBING_CHANGE_COMPUTED, _YN + "四（五）"),
        ("R13", GUIZHOU, "处方点评", e.PRESCRIBING_COUNTED, e.PRESCRIBING_REVIEW_LISTED, _GZ + "五（四）"),
        ("R13", CHONGQING, "处方点评", e.PRESCRIBING_COUNTED, e.PRESCRIBING_REVIEW_LISTED, _CQ + "二（三）"),
        ("R14", YUNNAN, "当年额度不调减", e.BUDGET_OUTTURN_STATED, e.BUDGET_KEPT, _YN + "四（五）"),
        ("R14", LINCANG, "结余留用", e.BUDGET_OUTTURN_STATED, e.BUDGET_SURPLUS_RETAINED, _LC + "四"),
        ("R14", GUIZHOU, "未完成核减额度", e.BUDGET_OUTTURN_STATED, e.BUDGET_REDUCTION_DUE, _GZ + "五（五）"),
        ("R14", CHONGQING, "未完成减少预算", e.BUDGET_OUTTURN_STATED, e.BUDGET_REDUCTION_DUE, _CQ + "二（八）"),
        ("R15", QUJING, "入围三家以上招标", e.TENDER_GROUP_QUALIFIED, e.TENDER_ROUTE_DECIDED, _QJ + "四（一）2"),
    )
)  # fmt: skip


def stage_scenes(year: Year) -> list[Scene]:
    """Write the scenes of the places that take part down; return those that must show."""
    stage_goods(year)
    stage_money(year)
    stage_supply(year)
    regions = {f"{place.region[:2]}" for place in year.places}
    return [scene for scene in SCENES if scene.region[:2] in regions]
