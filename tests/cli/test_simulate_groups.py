"""The page of a what-if in a ledger of its own, where one group's falls are hidden and its rises are not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.kernel.envelope import Meta
from domain.mastery.events import JudgementRecorded
from infra.postgres.event_store import Append, blocking_event_store
from tests.cli.conftest import Mastery
from tests.cli.district import LATEST
from tests.cli.test_simulate import HIGHEST, STRICT, Seen


@pytest.fixture(scope="module")
def module(mastery: Mastery, tmp_path_factory: pytest.TempPathFactory) -> Mastery:
    """A ledger with the scores of 61 learners for one competency."""
    folder = tmp_path_factory.mktemp("oulad")
    write_oulad(folder, {"F": [90] * 12 + [75] * 11 + [67] * 12, "M": [90] * 3 + [75] * 11 + [67] * 12})
    assert mastery("import", "oulad", folder).code == 0
    return mastery


def test_the_page_draws_the_rise_of_a_group_whose_fall_is_hidden(module: Mastery) -> None:
    cuts = {"advanced": "95", "proficient": "65", "developing": "50", "beginning": "0"}
    document = LATEST | {"levels": [{"code": code, "at": at} for code, at in cuts.items()]}
    page = module.folder / "hidden.html"
    lower = module.write("lower.json", document)
    found = module("policy", "simulate", lower, "--framework", "oulad-modules", "--report", page, "--json").document
    [gender] = [one for one in found["dimensions"] if one["name"] == "gender"]
    assert [(one["name"], one["fell"], one["rose"]) for one in gender["groups"]] == [("F", None, 12), ("M", None, 12)]
    [table] = [rows for rows in Seen(page.read_text()).tables if rows[0][0] == "gender"]
    assert [row[:6] for row in table[1:]] == [["F", "35", "35", "·", "·", "12"], ["M", "26", "26", "·", "·", "12"]]
    assert page.read_text().count('aria-label="46.2 % rise"') == 1


def test_the_page_stands_alone_and_its_table_is_the_matrix(module: Mastery) -> None:
    page = module.folder / "page.html"
    cuts = [{"code": "proficient", "at": "70"}, {"code": "advanced", "at": "90"}, {"code": "beginning", "at": "0"}]
    scale = {"levels": sorted(cuts, key=lambda cut: int(cut["at"]))}
    strict, highest = module.write("strict.json", STRICT), module.write("highest.json", HIGHEST | scale)
    found = module("policy", "simulate", highest, "--compare", strict, "--report", page, "--json").document
    text = page.read_text()
    seen = Seen(text)
    assert text.startswith("<!doctype html>")
    assert seen.open == []
    assert seen.loads == []
    assert "http" not in text
    assert "<best>" not in text, "words are escaped"
    assert len(seen.ids) == len(set(seen.ids))
    assert set(seen.refers) <= set(seen.ids)
    levels = seen.tables[0][0][1:-1]
    assert levels == found["levels"][::-1]
    matrix = {row[0]: dict(zip(levels, row[1:-1], strict=True)) for row in seen.tables[0][1:-1]}
    shown = {
        before: {after: int(cells) for after, cells in row.items() if cells.isdecimal()}
        for before, row in matrix.items()
    }
    assert {before: row for before, row in shown.items() if row} == found["matrix"]
    assert found["digest"] in text
    assert (len(found["compared"]), found["cells_that_differ"]) == (1, 39)
    assert "F34" not in text, "nobody is named"


def test_the_page_names_neither_who_judged_a_mover_nor_the_reason(module: Mastery) -> None:
    page, strict = module.folder / "judged.html", module.write("strict.json", STRICT)
    why = {"text": "Ada F12 was ill on that day"}
    meta = Meta.model_validate({"actor": {"id": "t-secret", "role": "teacher"}, "reason": why})
    about = {"judgement_id": "j1", "learner_id": "F12", "competency_id": "AAA", "level": "developing"}
    with module.database() as database, blocking_event_store(database) as store:
        judged = [JudgementRecorded.model_validate(about)]
        store.append(Append("judgement-F12/AAA", 0, judged, datetime(2026, 1, 5, tzinfo=UTC), meta))
    assert module("policy", "simulate", strict, "--report", page).code == 0
    text = page.read_text()
    assert text.count("An educator judged developing; that holds, the computed level is proficient.") == 1
    assert "An educator judged developing; the policy does not let that hold" in text
    assert ("t-secret" in text, "ill on that day" in text, "F12" in text) == (False, False, False)


def write_oulad(folder: Path, scores: dict[str, list[int]]) -> None:
    """Write an OULAD folder of one task in one module: the scores of learners, by gender."""
    learners = [(f"{gender}{place}", gender, score) for gender in scores for place, score in enumerate(scores[gender])]
    about = "HE Qualification,20-30%,0-35,N"
    files = {
        "assessments.csv": ["code_module,code_presentation,id_assessment,assessment_type,date,weight"],
        "studentInfo.csv": [
            "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,disability"
        ],
        "studentRegistration.csv": ["code_module,code_presentation,id_student,date_registration,date_unregistration"],
        "studentAssessment.csv": ["id_assessment,id_student,date_submitted,is_banked,score"],
    }
    files["assessments.csv"].append("AAA,2013J,1,TMA,19,10")
    files["studentInfo.csv"] += [f"AAA,2013J,{name},{gender},Wales,{about}" for name, gender, _ in learners]
    files["studentRegistration.csv"] += [f"AAA,2013J,{name},-30," for name, _, _ in learners]
    files["studentAssessment.csv"] += [f"1,{name},18,0,{score}" for name, _, score in learners]
    for name, lines in files.items():
        (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
