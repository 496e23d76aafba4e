"""A scan from sources to a graph: the stages in order, in parallel, and what of them is kept between runs."""
