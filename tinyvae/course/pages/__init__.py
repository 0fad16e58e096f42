"""The pages of the site, a module each: a function that returns a tinyvae.course.page.Page."""
