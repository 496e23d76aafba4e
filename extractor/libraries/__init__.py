"""Pinned distributions: what a repository's lock files pin, and the source of what they pin, read but never run."""
