"""Where the README's figures come from: `python -m bench.NAME`, or all by `scripts/bench`."""
