"""The reading library: a published release as tables, maps and series, without what made it."""
