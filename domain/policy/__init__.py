"""The mastery policy: a document in a closed vocabulary, its life, and which policy decides where.

- What it says: `document`, of `stages`, `models` and `outcome`; `words` tells it to people. To begin with: `starters`,
  `library`. What is wrong with it: `lint`, which asks `reach` what it can come to.
- Its life: `commands`, `decider`, `events`; `replay`, the making of its levels. How far all policies are: `states`,
  `plan`.
- Which decides: `succession` (those in force), `timeline` (along the log), `rulings` (on a cell), `locks`; what
  competencies hang on: `relations`, `circles`.
"""
