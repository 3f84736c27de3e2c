"""Who is who: teams and matches."""
