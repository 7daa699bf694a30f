"""What is kept between sessions: profile folders, settings, caches. The only home of sqlite."""
