"""The small pieces of the plan language: total functions over strings that never raise."""
