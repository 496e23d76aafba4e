"""Questions put to a graph that was written before."""
