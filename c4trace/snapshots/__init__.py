"""Graphs of past scans, kept in one SQLite file."""
