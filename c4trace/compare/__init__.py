"""Two revisions of an estate side by side: scanned, compared, gated, and told of."""
