"""What all workers need, loaded once by the process that they are forked from: code, and compiled functions."""

from services.projectors import audit_given
from services.projectors.cells import given as mastery_given
from services.projectors.cells import states as mastery_states
from services.projectors.rebuilding import crew

__all__ = ["crew"]

audit_given.warm_up()
mastery_given.warm_up()
mastery_states.warm_up()
