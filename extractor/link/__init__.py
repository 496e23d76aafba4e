"""Linking: summaries of many modules and repositories become facts that know each other."""
