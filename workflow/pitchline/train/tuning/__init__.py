"""The hyperparameter search: resumable, spread over threads, processes and hosts, one answer."""
