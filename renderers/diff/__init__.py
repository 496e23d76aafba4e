"""A diff of two graphs: HTML, JSON, Markdown, SARIF and the terminal."""
