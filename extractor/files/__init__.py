"""Files of our own: YAML held to a schema, the rules that come with the program, bytes kept between runs."""
