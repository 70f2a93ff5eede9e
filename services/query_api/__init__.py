"""The questions that the ledger answers over HTTP: one file a question, its SQL beside it.

All of them are in `learner_routes`, `policy_routes` and `school_routes`; `mover_explained` is a part of one. What they
share: `desk` lets in, waits and asks, `answers` is the form of all answers, `known` refuses names of nothing, `levels`
works a learner's levels out on the spot. `examples` documents them, `measures` counts them, `bootstrap` starts all.
"""
