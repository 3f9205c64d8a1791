// What the page has to say: it stays until it is read, at most eight seconds unless it is bad news.

/** @param {string} words @param {"info" | "error" | "done"} kind */
export function say(words, kind = "info") {
  const item = document.createElement("div");
  item.className = `notice ${kind === "error" ? "error" : ""}`;
  item.innerHTML = `<svg class="icon" aria-hidden="true"><use href="/assets/icons.svg#${kind}"/></svg><p></p><button type="button" class="plain" aria-label="Dismiss">×</button>`;
  item.querySelector("p").textContent = words;
  item.querySelector("button").addEventListener("click", () => item.remove());
  document.querySelector("#messages").append(item);
  if (kind !== "error") setTimeout(() => item.remove(), 8000);
}
