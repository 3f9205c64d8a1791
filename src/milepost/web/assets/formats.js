// Formats of moments, made when first needed: each costs the browser more than a page's whole drawing.

/** @param {Intl.DateTimeFormatOptions} options @returns {(moment: Date) => string} */
export function format(options) {
  /** @type {Intl.DateTimeFormat | undefined} */
  let made;
  return (moment) => (made ??= new Intl.DateTimeFormat(undefined, options)).format(moment);
}
