"""Loading: which code the processes of each service of a repository load."""

from extractor.link.loading.installed import EntryPoints
from extractor.link.loading.modules import Loading

__all__ = ["EntryPoints", "Loading"]
