"""The nightly run: fetch, scan, store, compare, publish, tell. `c4trace.nightly.night.run_night` is the story."""
