"""The real executable, run in a data folder of the test module's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.postgres.embedded import embedded_server

EXECUTABLE = Path(sys.executable).parent / "mastery"
TIMEOUT_S = 120


@dataclass(frozen=True)
class Answer:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Mastery:
    """The command in a folder."""

    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MASTERY_")}
        return {**kept, "MASTERY_DATA_DIR": str(self.folder / "data"), "COLUMNS": "200"}

    def __call__(self, *arguments: str | Path, **variables: str) -> Answer:
        command = [str(EXECUTABLE), *map(str, arguments)]
        environment = {**self.environment, **variables}
        ran = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=TIMEOUT_S)
        return Answer(ran.returncode, ran.stdout, ran.stderr)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the address of the command's database."""
        with embedded_server(self.folder / "data" / "postgres") as server:
            yield server.conninfo("mastery_app")

    def write(self, name: str, *documents: Any) -> Path:
        """Write documents to a file of the folder, a line each."""
        path = self.folder / name
        path.write_text("".join(json.dumps(document) + "\n" for document in documents))
        return path


@pytest.fixture(scope="module")
def mastery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mastery]:
    """The command in an empty folder, whose database is kept running between two commands."""
    folder = tmp_path_factory.mktemp("mastery")
    with embedded_server(folder / "data" / "postgres", {"fsync": "off"}):
        yield Mastery(folder)
