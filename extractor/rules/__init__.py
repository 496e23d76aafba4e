"""The rule book: what the YAML files of `rules/` say, held to their schemas."""
