"""FotMob's JSON read into rows; what the sources fotmob_fixtures and fotmob_details share."""
