"""The `mastery` command: one file a noun, all of them in `main`. Each imports what it needs when it runs, for speed.

What they share: `output` (how the command speaks), `ledger` (what it works on), `catch_up`; the demo is a `sandbox`.
"""
