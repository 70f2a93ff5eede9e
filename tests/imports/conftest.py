"""The shared data folder, and small OULAD folders: one written by hand, one cut from the real data."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from domain.kernel.envelope import Actor, Role
from domain.kernel.ids import ActorId

NOW: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IMPORTER: Final = Actor(id=ActorId("office"), role=Role.SERVICE)
_ROOT: Final = Path(__file__).resolve().parents[2]
_FILES: Final[dict[str, str]] = {
    "assessments.csv": """code_module,code_presentation,id_assessment,assessment_type,date,weight
AAA,2013J,1752,TMA,19,10
BBB,2014B,1800,CMA,40,0
""",
    "studentInfo.csv": """\
code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,disability
AAA,2013J,11,M,Scotland,HE Qualification,?,55<=,N
BBB,2014B,11,M,Scotland,HE Qualification,20-30%,55<=,Y
AAA,2013J,12,F,Wales,No Formal quals,10-20,0-35,N
""",
    "studentRegistration.csv": """code_module,code_presentation,id_student,date_registration,date_unregistration
AAA,2013J,11,-30,
BBB,2014B,11,,
AAA,2013J,12,-10,12
""",
    "studentAssessment.csv": """id_assessment,id_student,date_submitted,is_banked,score
1752,11,18,0,78
1752,12,22,0,
1800,11,-1,1,0
""",
}


@pytest.fixture
def shared() -> Path:
    """The folder with real data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("MASTERY_SHARED", _ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set MASTERY_SHARED")
    return folder


@pytest.fixture
def oulad(tmp_path: Path) -> Path:
    """Two learners, three registrations, three submissions."""
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def oulad_slice(shared: Path, tmp_path: Path) -> Path:
    """The real data of the first 200 learners."""
    real = shared / "data" / "oulad"
    kept: set[str] = set()
    for name in ("assessments.csv", "studentInfo.csv", "studentRegistration.csv", "studentAssessment.csv"):
        with (real / name).open(encoding="utf-8") as source, (tmp_path / name).open("w", encoding="utf-8") as target:
            rows = csv.DictReader(source)
            writer = csv.DictWriter(target, rows.fieldnames or ())
            writer.writeheader()
            for row in rows:
                student = row.get("id_student")
                if name == "studentInfo.csv" and len(kept) < 200:
                    kept.add(row["id_student"])
                if student is None or student in kept:
                    writer.writerow(row)
    return tmp_path
