import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One file of the built console, as it is sent. */
export interface ConsoleFile {
  /** Where it is found: `/assets/…`. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** The same, compressed with Brotli, where the build made it. */
  readonly brotli: Buffer | undefined;
}

/** The served files, all in memory and found by path in a map, so that no path of a request ever reaches the disk. */
export interface ConsoleFiles {
  /** The one document; the browser finds the page by the address. */
  readonly page: ConsoleFile;
  /** Changes with the page, in quotes. */
  readonly pageTag: string;
  readonly assets: readonly ConsoleFile[];
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Names that the build gives; what else lies there is no file of the console. */
const assetPath = /^(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)+$/;

/** Reads what the build made. @returns `undefined` when the console has not been built. */
export function readConsoleFiles(folder: string): ConsoleFiles | undefined {
  const names = listFiles(folder);
  if (!names.includes('index.html')) return undefined;
  const read = (name: string): ConsoleFile => ({
    path: `/${name}`,
    type: types[extname(name)] ?? 'application/octet-stream',
    bytes: readFileSync(join(folder, name)),
    brotli: names.includes(`${name}.br`) ? readFileSync(join(folder, `${name}.br`)) : undefined,
  });
  const page = read('index.html');
  const assets = names.filter((name) => name !== 'index.html' && !name.endsWith('.br') && assetPath.test(name));
  return {
    page,
    pageTag: `"${createHash('sha256').update(page.bytes).digest('base64url').slice(0, 22)}"`,
    assets: assets.map(read),
  };
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
