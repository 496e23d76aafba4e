"""Replay: what the entry points of each process reach, each function visited once for the values it is called with."""
