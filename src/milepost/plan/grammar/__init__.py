"""Small total functions that read the pieces of a plan: ids, durations, arrow graphs, references."""
