"""The commands that the ledger takes over HTTP: one file a command, all routes in `app`.

What they share: `desk` receives, decides, appends and answers; `published` is what is published now; `standings` and
`acts` are for official acts, `policy_life` for the life of a policy. `openapi` documents them, `bootstrap` starts all.
"""
