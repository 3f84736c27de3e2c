"""The quality rules, a module a family; ``pitchline.ingest.quality.registry`` lists them all."""
