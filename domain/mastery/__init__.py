"""The kernel: what a policy makes of the ordered scores of a cell (learner x competency); and judgements over that.

- In and out: `cells` are scores as columns, `compile` makes a document into `tables`, `kernel` evaluates.
- The rules in integers, one cell at a time: `rules`, with `entries`, `weights`, `arithmetic` and `room`.
  Many cells at once, to the same result: `strips`, with `sift` and `shares` (`alike`), `runs` and `rows`.
- Folded outside the compiled rules: `after`, `arranged`, `folds`; the models: `curves`, `ladders`, `logic`, `tracing`.
- More than one cell at one time: `history`, `revisions`, `harmless`, `change`, `validity`, `rollup`, `classes`.
- What is told of levels: `explanation`, `cause`, `digest`; of a what-if: `impact`, `equity`, `suppression`.
- Judgements, a person's decision over the computed level: `decider`, `events`.
- `vectors` checks the kernel against numbers that other systems have printed.
"""
