"""The rules of the ledger: pure, without clock, socket or framework. One folder an aggregate: `events` and `decider`.

From the bottom, each importing only what is before it: `kernel`; `framework`, `roster`; `evidence`, `profile`;
`pathway`, `goal`; `policy`; `mastery`; `progression`, `simulation`, `support`, `glossary`. By themselves: `webhook`,
`operations`.
"""
