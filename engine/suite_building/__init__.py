"""Building suites: writing, importing and generating cases, their versions, and how much of a corpus they touch."""
