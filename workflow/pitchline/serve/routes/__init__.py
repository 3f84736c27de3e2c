"""The endpoints, one module each; ``add`` puts a module's route on the application."""
