"""A view in the languages of other tools, and as a picture of its own."""
