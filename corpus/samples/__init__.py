"""Sample stories and groups: fiction in Markdown with front matter, and the code that reads it."""
