import { inTurns } from '../../runtime/turns.ts';

/**
 * The same text as JSON.stringify gives. A page of a list may be ten megabytes, so the items of lists are written one
 * after the other, and the event loop gets its turns in between.
 */
export async function replyText(data: unknown): Promise<string> {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || 'toJSON' in data) return JSON.stringify(data);
  const members: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    const text = Array.isArray(value) ? await listText(value) : textOf(value);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

async function listText(items: readonly unknown[]): Promise<string> {
  const texts = await inTurns(items, (item) => textOf(item) ?? 'null');
  return `[${texts.join(',')}]`;
}

/** Undefined for what JSON has no word for. */
function textOf(value: unknown): string | undefined {
  return JSON.stringify(value);
}
