"""FBref's pages: what they are, and the rows they hold."""
