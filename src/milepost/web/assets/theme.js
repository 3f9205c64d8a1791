// Before the first paint: the theme that the viewer chose, if any. (A module would come too late.)
try {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage is switched off: the system's theme it is */ }
