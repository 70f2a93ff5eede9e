"""What a policy would do: all cells that it would decide on, evaluated in memory; nothing is written."""

from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from infra.postgres.database import Database
from services.projectors import ledger
from services.projectors.what_if import Draft, simulate
from services.projectors.what_if.evaluate import Simulated
from services.projectors.what_if.on_shards import Outcome, simulate_on_ray


def what_if(database: Database, scoped: ScopedPolicy, policy: PolicyDocument) -> Simulated:
    """Return the levels now and with one more policy in force, at the position of the live levels."""
    with ledger.connect(database.app) as connection:
        return simulate(connection, Draft(scoped, policy), cells=database.cells)


def what_if_on_ray(database: Database, scoped: ScopedPolicy, policy: PolicyDocument) -> tuple[int, Outcome]:
    """Return the position and the same outcome, of the cell shards as tasks of a Ray cluster.

    Raises:
        Misconfigured: configuration, if Ray is not installed.
    """
    assert database.cells is not None, "the settings name a folder"
    return simulate_on_ray(database.app, database.cells, Draft(scoped, policy))
