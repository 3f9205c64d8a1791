"""One reader a dialect, all producing the same model; an ordered table picks one."""
