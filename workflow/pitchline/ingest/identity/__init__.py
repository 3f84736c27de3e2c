"""Who is who: teams and matches, the same under every source's names and ids."""
