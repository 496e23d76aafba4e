"""Text as people and files need it: names of files, secrets masked."""
