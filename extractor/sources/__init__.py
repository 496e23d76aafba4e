"""Sources: a commit read straight from the git object database, without a checkout, with nothing of it ever run."""

from extractor.sources.private import private_directory
from extractor.sources.spec import SourceSpec, shown, web_template
from extractor.sources.store import CommitNote
from extractor.sources.tree import FileChange, Tree, TreeEntry, changed_paths, list_tags, open_source, with_history

__all__ = [
    "CommitNote",
    "FileChange",
    "SourceSpec",
    "Tree",
    "TreeEntry",
    "changed_paths",
    "list_tags",
    "open_source",
    "private_directory",
    "shown",
    "web_template",
    "with_history",
]
