"""Writing the output directory: which formats there are, and swapping it into place."""
