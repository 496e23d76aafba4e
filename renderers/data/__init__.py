"""The graph for programs: JSON and its schema, CSV, SARIF."""
