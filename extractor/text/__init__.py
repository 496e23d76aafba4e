"""Text as people and files need it: URL templates, words of names, names of files, secrets masked."""
