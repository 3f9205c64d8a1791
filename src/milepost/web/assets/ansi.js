// What a terminal would show of an output: colours and weights of ANSI sequences as classes; other sequences vanish.

const SEQUENCE = /\x1b(?:\[([0-9;:]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[@-Z\\-_])/g;

/** Turns pieces of output into nodes; what a sequence set holds on in the next piece. */
export class Ansi {
  constructor() {
    /** @type {Set<string>} */
    this.classes = new Set();
    this.rest = "";
  }

  /** @param {string} text @returns {DocumentFragment} */
  write(text) {
    const all = this.rest + text;
    const cut = all.lastIndexOf("\x1b");
    const whole = cut >= 0 && all.length - cut < 32 && !all.slice(cut).match(SEQUENCE) ? cut : all.length;
    this.rest = all.slice(whole);
    const made = document.createDocumentFragment();
    let from = 0;
    const shown = all.slice(0, whole);
    for (const match of shown.matchAll(SEQUENCE)) {
      this.#add(made, shown.slice(from, match.index));
      if (match[2] === "m") this.#style(match[1]);
      from = match.index + match[0].length;
    }
    this.#add(made, shown.slice(from));
    return made;
  }

  /** @param {DocumentFragment} made @param {string} text */
  #add(made, text) {
    const plain = text.replace(/[^\n]*\r(?!\n)/g, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
    if (!plain) return;
    if (!this.classes.size) {
      made.append(plain);
      return;
    }
    const part = document.createElement("span");
    part.className = [...this.classes].join(" ");
    part.textContent = plain;
    made.append(part);
  }

  /** @param {string} codes */
  #style(codes) {
    const numbers = codes.split(/[;:]/).map(Number);
    for (let i = 0; i < numbers.length; i++) {
      const code = numbers[i];
      if (code === 0) this.classes.clear();
      else if (code === 1) this.classes.add("a-bold");
      else if (code === 2) this.classes.add("a-dim");
      else if (code === 3) this.classes.add("a-slant");
      else if (code === 4) this.classes.add("a-line");
      else if (code === 22) { this.classes.delete("a-bold"); this.classes.delete("a-dim"); }
      else if (code === 23) this.classes.delete("a-slant");
      else if (code === 24) this.classes.delete("a-line");
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) this.#colour(`a-${code % 10}`);
      else if (code === 39) this.#colour("");
      else if (code === 38 || code === 48) {
        if (code === 38 && numbers[i + 1] === 5 && numbers[i + 2] < 16) this.#colour(`a-${numbers[i + 2] % 8}`);
        i += numbers[i + 1] === 2 ? 4 : 2;
      }
    }
  }

  /** @param {string} name */
  #colour(name) {
    for (const known of [...this.classes]) if (/^a-\d$/.test(known)) this.classes.delete(known);
    if (name) this.classes.add(name);
  }
}
