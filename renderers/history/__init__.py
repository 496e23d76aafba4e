"""Past scans and what changed between them: pages, pictures, feed and text."""
