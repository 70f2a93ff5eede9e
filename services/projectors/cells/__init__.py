"""Cells of learner x competency: their facts, what the policies say of them, and the shards that keep all of them.

- Facts into the tables: `facts` event by event, `given` in columns, which `kept` remembers; `learner_places`.
- Facts out of them: `tables`, of few cells or many; `all_cells`, also from the shards on disk (`warm_cells`).
- Evaluated at `points`: `rulings` say by which policy, `relations` what hangs on what, `states` what comes of it;
  `touched` says which cells are looked at again, `writer` puts levels and changes into the tables.
"""
