/** Comma-separated values that no spreadsheet takes for formulas. Pure. */

/** A leading sign or tab makes a formula of a cell; an apostrophe before it makes a text. */
const formula = /^[=+\-@\t\r]/;

export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string): string {
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
