"""Promote: decide by written gates whether the candidate becomes the champion."""
