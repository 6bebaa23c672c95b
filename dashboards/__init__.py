"""The dashboard: view code over published releases."""
