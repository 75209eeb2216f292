"""Sample stories (Markdown with front matter) and groups (three directories): fiction, and the code that reads it."""
