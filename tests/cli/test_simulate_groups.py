"""The page of a what-if in a ledger of its own, where one group's falls are hidden and its rises are not."""

from pathlib import Path

from tests.cli.conftest import Mastery
from tests.cli.district import LATEST
from tests.cli.test_simulate import Seen


def test_the_page_draws_the_rise_of_a_group_whose_fall_is_hidden(mastery: Mastery, tmp_path: Path) -> None:
    write_oulad(tmp_path, {"F": [90] * 12 + [75] * 11 + [67] * 12, "M": [90] * 3 + [75] * 11 + [67] * 12})
    assert mastery("import", "oulad", tmp_path).code == 0
    cuts = {"advanced": "95", "proficient": "65", "developing": "50", "beginning": "0"}
    document = LATEST | {"levels": [{"code": code, "at": at} for code, at in cuts.items()]}
    page = mastery.folder / "hidden.html"
    lower = mastery.write("lower.json", document)
    found = mastery("policy", "simulate", lower, "--framework", "oulad-modules", "--report", page, "--json").document
    [gender] = [one for one in found["dimensions"] if one["name"] == "gender"]
    assert [(one["name"], one["fell"], one["rose"]) for one in gender["groups"]] == [("F", None, 12), ("M", None, 12)]
    [table] = [rows for rows in Seen(page.read_text()).tables if rows[0][0] == "gender"]
    assert [row[:6] for row in table[1:]] == [["F", "35", "35", "·", "·", "12"], ["M", "26", "26", "·", "·", "12"]]
    assert page.read_text().count('aria-label="46.2 % rise"') == 1


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
