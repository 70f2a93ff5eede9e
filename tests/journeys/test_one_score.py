"""docs/one-score.md, walked through `mastery serve`: real processes, real HTTP."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.postgres.embedded import embedded_server
from services.cli.serve import STEADY_S
from tests.cli.conftest import EXECUTABLE

STOP_S = 60
SCALE = {
    "scale_id": "four-point",
    "title": "Four levels",
    "lowest": "0",
    "highest": "4",
    "levels": [
        {"code": "beginning", "label": "Beginning", "at": "0"},
        {"code": "proficient", "label": "Proficient", "at": "3"},
    ],
}
FRAMEWORK = {
    "framework_id": "math-4",
    "title": "Mathematics, grade 4",
    "edition": "2026",
    "scale_id": "four-point",
    "competencies": [{"competency_id": "4.NF.1", "statement": "Explains why fractions are equivalent"}],
}


@dataclass(frozen=True)
class Served:
    """A running `mastery serve`."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    commands: str
    questions: str

    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, role: str, subject: str) -> dict[str, str]:
        if role not in self.tokens:
            command = [str(EXECUTABLE), "token", role, subject]
            ran = subprocess.run(command, check=True, capture_output=True, text=True, env=self.environment, timeout=30)
            self.tokens[role] = ran.stdout.strip()
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def post(self, path: str, role: str, subject: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.commands}/v1{path}", json=body, headers=self.headers(role, subject), timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, path: str, position: int = 0, **asked: str) -> Any:
        headers = self.headers("auditor", "a-1") | {"Min-Position": str(position)}
        answer = httpx.get(f"{self.questions}/v1{path}", params=asked, headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Run `mastery serve` until the block ends, then press Ctrl-C."""
    ports = {"MASTERY_COMMAND_API_PORT": str(free_port()), "MASTERY_QUERY_API_PORT": str(free_port())}
    environment = {**os.environ, **ports, "MASTERY_DATA_DIR": str(folder), "MASTERY_MIN_POSITION_WAIT_S": "20"}
    process = subprocess.Popen([str(EXECUTABLE), "serve"], env=environment, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        said = b""
        while b"a token:" not in said:
            line = process.stderr.readline()
            assert line, said.decode()
            said += line
        commands, questions = (f"http://127.0.0.1:{port}" for port in ports.values())
        yield Served(environment, process, commands, questions)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=STOP_S)


@pytest.mark.slow
@pytest.mark.need("NEED-07", "NEED-79", "NEED-80", "NEED-82")
def test_one_score_is_recorded_projected_explained_corrected_and_audited(tmp_path: Path) -> None:
    with embedded_server(tmp_path / "postgres", {"fsync": "off"}), serve(tmp_path) as served:
        parts = children(served.process.pid)
        assert len(parts) == 6

        served.post("/scales", "administrator", "a-1", **SCALE)
        served.post("/frameworks", "administrator", "a-1", **FRAMEWORK)
        served.post("/learners", "administrator", "a-1", learner_id="ada")
        shown = {"evidence_id": "e1", "learner_id": "ada", "competency_ids": ["4.NF.1"], "kind": "conversation"}
        served.post("/evidence", "teacher", "t-mora", **shown)
        given = served.post("/evidence/e1/scores", "teacher", "t-mora", competency_id="4.NF.1", value="2")
        assert (given["position"], [event["type"] for event in given["events"]]) == (5, ["score.given.v1"])
        score_id = given["events"][0]["data"]["score_id"]

        explained = served.get("/learners/ada/explanation", given["position"], competency="4.NF.1")
        assert (explained["effective"], explained["value"]) == ("developing", "50")
        assert [(entry["value"], entry["assessor_id"]) for entry in explained["entries"]] == [("2", "t-mora")]
        [before] = served.get("/learners/ada/mastery")["competencies"]
        assert (before["competency_id"], before["effective_level"], before["status"]) == (
            "4.NF.1",
            "developing",
            "determined",
        )

        time.sleep(STEADY_S)
        os.kill(parts[2], signal.SIGKILL)  # the mastery projector; serve starts it again

        why = {"text": "typing error"}
        right = served.post(f"/scores/{score_id}/corrections", "teacher", "t-mora", value="3.5", reason=why)
        [after] = served.get("/learners/ada/mastery", right["position"])["competencies"]
        assert after["effective_level"] == "advanced"
        chain = served.get(f"/scores/{score_id}/chain", right["position"])["entries"]
        told = [(one["type"], one["actor_id"], one["before"], one["after"], one["reason_text"]) for one in chain]
        assert told[-2:] == [
            ("score.given.v1", "t-mora", None, "2", None),
            ("score.corrected.v1", "t-mora", "2", "3.5", "typing error"),
        ]
        [known] = served.get("/learners/ada/mastery", known_at=chain[-2]["recorded_at"])["competencies"]
        assert known["effective_level"] == "developing"
        found = served.get("/audit", right["position"], learner="ada", type="score.corrected.v1")["entries"]
        assert [entry["position"] for entry in found] == [right["position"]]
        projectors = served.get("/projections")["projectors"]
        assert [one["name"] for one in projectors] == ["audit_trail", "learner_profile", "mastery"]
    assert served.process.returncode == 0
    assert not any(Path(f"/proc/{part}").exists() for part in parts)
