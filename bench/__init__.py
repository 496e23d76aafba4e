"""Measuring c4trace: how long a scan takes, and which changes of the code no test notices."""
