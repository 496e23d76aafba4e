"""The tests: each file is the specification of one area."""
