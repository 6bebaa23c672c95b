"""One function per stage: read, compute, check, write. The only place that knows both I/O and computation."""
