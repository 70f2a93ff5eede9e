"""What a policy would do, evaluated by a cluster; nothing is written."""

from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from infra.postgres.database import Database
from services.projectors.what_if import Draft
from services.projectors.what_if.on_shards import Outcome, simulate_on_ray


def what_if_on_ray(database: Database, scoped: ScopedPolicy, policy: PolicyDocument) -> tuple[int, Outcome]:
    """Return the position and the outcome, of the cell shards as tasks of a Ray cluster.

    Raises:
        Misconfigured: configuration, if Ray is not installed.
    """
    assert database.cells is not None, "the settings name a folder"
    return simulate_on_ray(database.app, database.cells, Draft(scoped, policy))
