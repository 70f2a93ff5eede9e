"""What a policy would do: all cells that it would decide on, evaluated in memory; nothing is written."""

from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from infra.postgres.database import Database
from services.projectors import ledger
from services.projectors.what_if import Draft, simulate
from services.projectors.what_if.evaluate import Simulated


def what_if(database: Database, scoped: ScopedPolicy, policy: PolicyDocument) -> Simulated:
    """Return the levels now and with one more policy in force, at the position of the live levels."""
    with ledger.connect(database.app) as connection:
        return simulate(connection, Draft(scoped, policy))
