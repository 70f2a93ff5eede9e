"""Identifiers: opaque text with one form, and a type for each thing identified.

An id is 1 to 200 characters of `A-Z a-z 0-9 . _ ~ : @ -`, so that it stands in a URL path, a stream name
and a message key without escaping.
"""

from typing import Annotated, NewType

from pydantic import StringConstraints

from domain.kernel.privacy import DataClass

ID_PATTERN = r"^[A-Za-z0-9._~:@-]{1,200}$"

_Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, strict=True), DataClass.PLAIN]
_PersonId = Annotated[str, StringConstraints(pattern=ID_PATTERN, strict=True), DataClass.PSEUDONYM]

LearnerId = NewType("LearnerId", _PersonId)
ActorId = NewType("ActorId", _PersonId)
SchoolId = NewType("SchoolId", _Id)
SectionId = NewType("SectionId", _Id)
CourseId = NewType("CourseId", _Id)
EnrolmentId = NewType("EnrolmentId", _Id)
FrameworkId = NewType("FrameworkId", _Id)
CompetencyId = NewType("CompetencyId", _Id)
ScaleId = NewType("ScaleId", _Id)
LevelCode = NewType("LevelCode", _Id)
EvidenceId = NewType("EvidenceId", _Id)
ScoreId = NewType("ScoreId", _Id)
JudgementId = NewType("JudgementId", _Id)
GoalId = NewType("GoalId", _Id)
PathwayId = NewType("PathwayId", _Id)
StepId = NewType("StepId", _Id)
EntryId = NewType("EntryId", _Id)
SupportId = NewType("SupportId", _Id)
FeedbackId = NewType("FeedbackId", _Id)
TermCode = NewType("TermCode", _Id)
ActId = NewType("ActId", _Id)
PolicyId = NewType("PolicyId", _Id)
PolicyVersion = NewType("PolicyVersion", _Id)
"""SHA-256 of the policy's canonical JSON, in hexadecimal."""
SimulationId = NewType("SimulationId", _Id)
WebhookId = NewType("WebhookId", _Id)

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:@&+/% <>=-]{1,100}$", strict=True)]
"""A short word of a district's or source system's own vocabulary: an evidence kind, a task, a reason code."""
