"""What all workers need, loaded once by the process that they are forked from: code, and compiled functions."""

from services.projectors import crew, mastery_given, mastery_states

__all__ = ["crew"]

mastery_given.warm_up()
mastery_states.warm_up()
