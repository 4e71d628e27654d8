"""Everything that can be checked before a run: checks are small functions in tables, each with a test that sees its line."""
