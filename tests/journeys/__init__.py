"""One journey a feature, through the public door."""
