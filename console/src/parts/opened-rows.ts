/** The row of each list from which this tab went to a page, by the list: the focus comes back there. */
const opened = new Map<string, string>();

export function rememberOpened(list: string, row: string): void {
  opened.set(list, row);
}

/** Once: '' after that, and where nothing was opened. */
export function takeOpened(list: string): string {
  const row = opened.get(list) ?? '';
  opened.delete(list);
  return row;
}
