"""The plan: Markdown read into a model, and changes to the model written as edits of the Markdown."""
