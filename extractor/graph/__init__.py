"""Assembling: linked facts of all repositories become the nodes and flows of one graph."""
