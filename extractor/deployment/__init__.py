"""Runtime units: what a repository says of its own deployment, read from compose files, Procfile, Dockerfile, ..."""
