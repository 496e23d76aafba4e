"""The nouns of a scan: rows, elements and arrows of the graph, their ids, queries over them, all as plain data."""
