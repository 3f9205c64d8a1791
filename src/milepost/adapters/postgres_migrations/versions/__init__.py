"""One step each, in order; what was released is never changed."""
