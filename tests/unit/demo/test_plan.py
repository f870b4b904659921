from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from adapters._kit.protocol import Sender
from adapters.his_hl7v2 import INTERFACE as HIS
from adapters.trace_epcis import INTERFACE as TRACE
from adapters.yunnan_procurement import INTERFACE as PROCUREMENT
from gateway.coding.crosswalk import Crosswalk
from gateway.demo.codebook import UNKNOWN_CODE, Codebook
from gateway.demo.dataset import PILOT, Dataset, load
from gateway.demo.hospital_letters import HospitalLetters
from gateway.demo.letters import Letter
from gateway.demo.plan import Plan, make_plan
from gateway.demo.platform_letters import PlatformLetters, shown_text
from tests.unit.demo.tables_folder import TablesFolder

SHIPPED = Path(__file__).resolve().parents[3] / "examples" / "national-vbp"
RECEIVED = "2020-01-01T00:00:00+08:00"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load(SHIPPED)


@pytest.fixture(scope="module")
def plan(dataset: Dataset) -> Plan:
    return make_plan(dataset)


def test_the_same_data_gives_the_same_plan(dataset: Dataset, plan: Plan) -> None:
    assert make_plan(dataset) == plan


def test_tasks_add_up_to_the_agreed_volume_of_every_region_and_drug(
    dataset: Dataset, plan: Plan
) -> None:
    assigned: dict[tuple[str, str, str], int] = defaultdict(int)
    for task in plan.tasks:
        assert sum(task.quarters) == task.quantity
        assigned[task.batch, task.place.region, task.product.drug.code] += task.quantity
    agreed = {
        (one.batch, one.region, one.drug.code): one.quantity
        for one in dataset.agreed
        if one.product is not None and one.quantity
    }
    assert dict(assigned) == agreed


def test_regions_with_a_paper_order_every_task_in_full_but_the_one_that_stays_behind(
    plan: Plan,
) -> None:
    """Accepted over all quarters played equals what was due, but for the one open case per region."""
    final = plan.acts[-1].quarter
    due: dict[tuple[str, str], int] = defaultdict(int)
    accepted: dict[tuple[str, str], int] = defaultdict(int)
    for task in plan.tasks:
        for quarter, quantity in zip(task.term.quarters, task.quarters, strict=True):
            if quarter <= final:
                due[task.institution.code, task.product.code] += quantity
    for act in plan.acts:
        for order in (*act.orders, *act.late):
            for line in order.lines:
                accepted[order.institution.code, line.product.code] += line.quantity
    behind = {key for key, quantity in due.items() if accepted[key] != quantity}
    assert len(behind) == len(plan.buying) == 3
    assert all(accepted[key] < due[key] for key in behind)


def test_nobody_real_is_shown(plan: Plan) -> None:
    for place in plan.buying:
        assert all(one.name.startswith("合成示例医院") for one in place.institutions)
        assert all(one.name.startswith("合成示例配送企业") for one in place.distributors)


def test_chongqing_lists_the_pilots_products_on_at_the_old_price(plan: Plan) -> None:
    chongqing = [one for one in plan.listings if one.place.region == "500000"]
    pilot = {one.product.code: one for one in chongqing if one.batch == PILOT}
    relisted = [one for one in chongqing if one.batch == PILOT and one.kind == "listed"]
    assert len(relisted) == 26
    for one in relisted:
        assert one.effective_from.isoformat() == "2020-03-20"
        assert one.effective_to is None
        before = next(
            each
            for each in chongqing
            if each.product == one.product and each.kind == "selected" and each.batch == PILOT
        )
        assert before.unit_price == one.unit_price
        assert before.effective_to is not None
        assert before.effective_to.isoformat() == "2020-03-19"
    assert len(pilot) == 26


def test_winners_who_do_not_supply_yunnan_are_offered_there_at_their_selected_price(
    dataset: Dataset, plan: Plan
) -> None:
    supplied = {(one.batch, one.product.code) for one in dataset.supplies if one.region == "530000"}
    offered = [
        one for one in plan.listings if one.place.region == "530000" and one.kind == "listed"
    ]
    others = [one for one in dataset.winners if one.batch != PILOT and one.unit_price is not None]
    assert len(offered) == len(others) - len(supplied)
    assert not {(one.batch, one.product.code) for one in offered} & supplied


def test_only_the_regions_asked_for_buy(dataset: Dataset, plan: Plan) -> None:
    only = make_plan(dataset, ("520000",))
    assert [place.region for place in only.buying] == ["520000"]
    assert len(only.listings) == len(plan.listings)


def test_regions_without_a_paper_get_all_tasks_and_a_sample_of_orders(tables: TablesFolder) -> None:
    for row in tables.volumes[:3]:
        row |= {"region_code": "110000", "region": "北京"}
    for row in tables.prices[:3]:
        row |= {"province_code": "110000", "province": "北京"}
    plan = make_plan(load(tables.write()))
    beijing = [task for task in plan.tasks if task.place.region == "110000"]
    assert len({task.product.code for task in beijing}) == 3
    ordering = [
        act.quarter.period for act in plan.acts for one in act.orders if one.place.name == "北京"
    ]
    assert ordering == ["2020-Q1"]
    sampled = [one for one in plan.findings if one.kind == "plan.sampled"]
    assert ["北京" in one.what for one in sampled] == [True]


def _letters(plan: Plan) -> list[Letter]:
    codebook = Codebook(plan)
    platforms, hospitals = PlatformLetters(plan, codebook), HospitalLetters(plan, codebook)
    found = [*platforms.listings(), *platforms.tasks()]
    for act in plan.acts:
        orders = (*act.orders, *act.late)
        found += [*platforms.orders(orders), *platforms.receipts(orders), *hospitals.closings(act)]
        for order, packs in hospitals.followed(act):
            found += [
                hospitals.movements(order, packs, step)
                for step in ("shipping", "receiving", "dispensing")
            ]
            found += [*hospitals.dispenses(order, packs), *hospitals.counts(order, packs)]
            found.append(hospitals.supplementary(order))
    return found


def test_every_letter_is_read_by_its_interface_line_by_line(tables: TablesFolder) -> None:
    letters = _letters(make_plan(load(tables.write())))
    readers = {one.name: one.read for one in (HIS, TRACE, PROCUREMENT)}
    assert {letter.interface for letter in letters} == {*readers, "canonical"}
    for letter in letters:
        read = readers.get(letter.interface)
        if read is None:
            continue
        region = letter.partner.split("-")[1]
        document = read(letter.body, Sender(letter.partner, region, RECEIVED))
        assert document.refused == []
        assert document.message_id == letter.message_id
        assert [draft.type for draft in document.drafts] == [fact.type for fact in letter.facts]


def test_no_two_letters_of_a_partner_have_one_number(plan: Plan) -> None:
    letters = _letters(plan)
    assert len({(letter.partner, letter.message_id) for letter in letters}) == len(letters)
    every = [identity for letter in letters for identity in letter.identities()]
    assert len(set(every)) == len(every)


def test_the_last_his_speaks_gb18030(plan: Plan) -> None:
    hospitals = HospitalLetters(plan, Codebook(plan))
    assert [hospitals.charset(one) for one in hospitals.institutions] == [
        "utf-8",
        "utf-8",
        "gb18030",
    ]


def test_the_crosswalk_explains_every_code_but_the_unknown_one(tables: TablesFolder) -> None:
    plan = make_plan(load(tables.write()))
    codebook = Codebook(plan)
    hospitals = HospitalLetters(plan, codebook)
    crosswalk = Crosswalk.of(codebook.rows(hospitals.institutions))
    for task in plan.tasks:
        local = codebook.on_platform(task.place, task.product)
        found = crosswalk.resolve(task.place.platform, "product", local, "2020-01-01")
        assert found == task.product.code
    his = hospitals.institutions[0].his
    assert crosswalk.absence(his, "product", UNKNOWN_CODE) == "unknown"


def test_odd_names_are_printed_as_a_platform_can_print_them() -> None:
    assert shown_text("甲\x00\n乙\u200b") == "甲乙"
    assert shown_text("药" * 300) == "药" * 200
    assert shown_text("") == "-"
