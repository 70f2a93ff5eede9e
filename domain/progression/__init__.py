"""Official acts: advancement, credit and report cards, each pinned to what justified it; and their reviews."""
