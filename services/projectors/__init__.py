"""The projectors: they fill the read models from the log, each in a process of its own.

- One file a read model: `mastery`; `learner_profile`, with `official_acts` and `help_given`; `audit_trail`, with
  `audit_given`. `models` names them, `read_model` says what each is to those who run it.
- Running: `runner`, `filler`, `ledger`, `parking`; from the topic: `lanes`. From the first event: `rebuilding`, by
  `parts`, column by column (`gathering`). What is live and what is kept: `generations`, `pruning`.
- Of `mastery`: `cells`, and the policies that decide on them (`policies`), `publishing`, `what_if`.
"""

from typing import Final

NAMES: Final = ("mastery", "learner_profile", "audit_trail")
"""The read models, for those who need not load them."""
