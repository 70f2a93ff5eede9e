"""`mastery policy simulate` with the real executable: files, the page, what goes on record, Ctrl-C."""

import csv
import signal
import subprocess
import time
from html.parser import HTMLParser
from typing import Any

import psycopg
import pytest
from pyarrow import parquet

from infra.postgres.embedded import embedded_server
from tests.cli.conftest import EXECUTABLE, Mastery
from tests.cli.district import DOCUMENT, LATEST, fill
from tests.waiting import wait_for_lock

HIGHEST = LATEST | {"name": "The <best> score", "combine": {"op": "highest"}}
STRICT = LATEST | {"name": "Strict", "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "4"}]}
VOID = {"meta", "br", "hr"}


class Seen(HTMLParser):
    """What a page holds: its ids, what refers to them, what it would load, its texts, the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attrs}
        self.ids += [words["id"]] if "id" in words else []
        self.refers += words.get("aria-labelledby", "").split()
        self.refers += [value[5:-1] for value in words.values() if value.startswith("url(#")]
        self.loads += [value for name, value in words.items() if name in {"src", "href", "data", "srcset"}]
        self.loads += [tag] if tag in {"script", "link", "iframe"} else []
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"th", "td"}:
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"th", "td", "abbr", "span"} and self.tables and self.tables[-1]:
            self.tables[-1][-1][-1] += data.strip()


@pytest.fixture(scope="module")
def filled(mastery: Mastery) -> Mastery:
    """A ledger with a framework and two learners' scores: ada 2 then 3, ben 4 and 1."""
    fill(mastery)
    return mastery


def test_a_document_that_is_not_drafted_is_tried_and_nothing_is_recorded(filled: Mastery) -> None:
    head = filled("status", "--json").document
    found = filled("policy", "simulate", filled.write("highest.json", HIGHEST), "--json").document
    assert (found["cells"], found["recorded_at_position"], found["simulation_id"]) == (3, None, None)
    assert filled("status", "--json").document["head_position"] == head["head_position"]


def test_a_drafted_policy_is_put_on_record_and_repeats_with_the_same_digest(filled: Mastery) -> None:
    latest = filled.write("latest.json", LATEST)
    assert filled("policy", "draft", latest, "--framework", DOCUMENT).code == 0
    first = filled("policy", "simulate", "latest", "--json").document
    again = filled("policy", "simulate", "latest", "--at-position", str(first["position"]), "--json").document
    assert first["recorded_at_position"] is not None
    assert first["revision"] == 1
    assert (again["digest"], again["matrix"]) == (first["digest"], first["matrix"])
    told = filled("policy", "simulate", latest, "--framework", DOCUMENT)
    assert "on record at position" in told.out


def test_movers_are_written_as_csv_and_parquet(filled: Mastery) -> None:
    files = filled.folder / "movers.csv", filled.folder / "movers.parquet"
    document = filled.write("strict.json", STRICT)
    assert filled("policy", "simulate", document, "--csv", files[0], "--parquet", files[1]).code == 0
    lines = list(csv.DictReader(files[0].read_text().splitlines()))
    table = parquet.read_table(files[1])
    assert [(one["learner_id"], one["before_value"], one["after_value"]) for one in lines] == [
        (row["learner_id"], f"{row['before_value'].normalize():f}", f"{row['after_value'].normalize():f}")
        for row in table.to_pylist()
    ]
    assert [(one["learner_id"], one["before_level"], one["after_level"]) for one in lines] == [
        ("ada", "developing", "beginning"),
        ("ben", "advanced", "proficient"),
    ]


def test_the_page_of_a_scope_with_few_learners_shows_no_number_of_them(filled: Mastery) -> None:
    page = filled.folder / "page.html"
    strict, highest = filled.write("strict.json", STRICT), filled.write("highest.json", HIGHEST)
    found = filled("policy", "simulate", strict, "--compare", highest, "--report", page, "--json").document
    assert (found["learners"], found["moved"]) == (2, 2)
    text = page.read_text()
    seen = Seen(text)
    assert "Fewer than 10 learners are in its scope" in text
    assert (seen.open, seen.tables, "<svg class" in text, "<article>" in text) == ([], [], False, False)
    assert found["digest"] in text


def test_ctrl_c_cancels_and_nothing_is_recorded(filled: Mastery) -> None:
    filled("policy", "draft", filled.write("latest.json", LATEST), "--framework", DOCUMENT)
    head = filled("status", "--json").document["head_position"]
    with (
        embedded_server(filled.folder / "data" / "postgres") as server,
        psycopg.connect(server.conninfo("mastery_app")) as blocking,
    ):
        blocking.execute("LOCK TABLE read_model.simulation IN SHARE MODE")
        command = [str(EXECUTABLE), "policy", "simulate", "latest"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=dict(filled.environment), **pipes) as process:
            wait_for_lock(blocking)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            blocking.rollback()
            _, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "cancelled: nothing was recorded")
    assert filled("status", "--json").document["head_position"] == head


def test_more_than_three_drafts_are_not_compared(filled: Mastery) -> None:
    document = filled.write("strict.json", STRICT)
    others = ("--compare", document) * 3
    assert filled("policy", "simulate", document, *others).code == 2


def test_a_flag_ratio_that_is_no_number_is_refused(filled: Mastery) -> None:
    refused = filled("policy", "simulate", filled.write("strict.json", STRICT), "--flag-ratio", "x")
    assert (refused.code, "Traceback" in refused.err) == (1, False)
    assert "flag_ratio" in refused.err
