"""One truth from several sources."""
