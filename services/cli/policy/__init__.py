"""`mastery policy`: the noun is `app`, with the commands of `life`, `simulate`, `words` and `effective`.

What they do: `acts` (what is put on record), `steps` (a publication in one go), `trying` (a what-if with its files, by
`simulating`, `mover_files` and `report`), on one of the `engines`.
"""
