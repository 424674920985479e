import { readFile } from 'node:fs/promises';

/** What the build makes and lays beside the bundle: to make it here takes half a second of the event loop. */
export const builtDocuments = { document: 'openapi.json', page: 'reference.html' } as const;

/** @returns undefined where the sources run, which nobody has built. */
export async function readBuilt(name: keyof typeof builtDocuments): Promise<string | undefined> {
  try {
    return await readFile(new URL(builtDocuments[name], import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}

/** The OpenAPI document without an address, as of the server with this one; '' = none. */
export function servedAt(document: string, publicUrl: string): string {
  if (publicUrl === '') return document;
  // Within a text of the document its quotes would be escaped.
  return document.replace(serversOf('/'), () => serversOf(publicUrl));
}

function serversOf(url: string): string {
  return `"servers":${JSON.stringify([{ url }])}`;
}
