"""The published store: objects, releases, readers. The only place that knows S3."""
