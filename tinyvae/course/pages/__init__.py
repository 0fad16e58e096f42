"""The site's four pages to touch, each a function that returns a Page."""
