/** Comma-separated values that no spreadsheet takes for formulas. Pure. */

/**
 * A leading sign or tab makes a formula of a cell; an apostrophe before it makes a text. So do the wide signs of Chinese and Japanese
 * input, and a sign behind a semicolon or a tab, which end a cell where the spreadsheet's language says so.
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
const formulaWithin = /(?<=;|.\t)(?=[=+\-@＝＋－＠])/gs;

export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string): string {
  const guarded = value.replaceAll(formulaWithin, "'");
  const text = formula.test(value) ? `'${guarded}` : guarded;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
