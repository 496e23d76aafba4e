"""The estate file: which systems there are, where their sources are, and how code names them."""
