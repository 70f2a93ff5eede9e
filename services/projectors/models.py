"""The read models by name."""

from collections.abc import Callable
from typing import Final

from domain.kernel.errors import Unknown
from services.projectors import NAMES
from services.projectors.audit_trail import AuditTrail
from services.projectors.learner_profile import LearnerProfile
from services.projectors.read_model import ReadModel


def _mastery() -> ReadModel:
    from services.projectors.mastery import Mastery  # noqa: PLC0415 - the kernel's compiler takes a second to load

    return Mastery()


MODELS: Final[dict[str, Callable[[], ReadModel]]] = dict(
    zip(NAMES, (_mastery, LearnerProfile, AuditTrail), strict=True)
)


def make(name: str) -> ReadModel:
    """Return a new read model, which remembers nothing.

    Raises:
        Unknown: projector-unknown.
    """
    if name not in MODELS:
        raise Unknown("projector-unknown", f"projector {name} is not one of {', '.join(MODELS)}")
    return MODELS[name]()
