"""Check the kernel against numbers printed in the specifications, manuals and tests of other systems.

A vector names an algorithm with its parameters, lists scores and says what comes out. The algorithm becomes policy
documents, the scores cells, and the kernel answers; nothing here calculates. What no document can say is unsupported.
Source: shared/vectors/mastery_public.json; each family names what settles the cases that the file leaves open.
"""

from domain.mastery.vectors.checking import answer, check

__all__ = ["answer", "check"]
