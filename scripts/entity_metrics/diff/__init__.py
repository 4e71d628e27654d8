"""What a change does to SQL and to numbers: two revisions are built on the same source, and compared node by node."""
