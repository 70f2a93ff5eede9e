"""What a policy would do: all cells that it would decide on, evaluated in memory; nothing is written."""

from typing import Any

from domain.kernel.ids import FrameworkId, PolicyId, PolicyVersion
from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from infra.postgres.database import Database
from services.projectors import ledger
from services.projectors.what_if import Draft, simulate


def what_if(database: Database, policy: PolicyDocument, framework_id: str | None) -> dict[str, Any]:
    """Return the matrix of levels now and under a policy for one framework, or for all that have none of their own."""
    scoped = ScopedPolicy(
        policy_id=PolicyId("draft"),
        version=PolicyVersion(policy.version),
        framework_id=None if framework_id is None else FrameworkId(framework_id),
    )
    with ledger.connect(database.app) as connection:
        simulated = simulate(connection, Draft(scoped, policy))
    impact = simulated.impact
    told = {"version": policy.version, "moved": impact.moved, "cells": impact.cells, "matrix": impact.matrix}
    return told | {"position": simulated.at_position, "digest": simulated.digest.text}
