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

/** The build puts it in its place after the files that it names. */
const pageName = 'index.html';

/** Names that the build gives; what else lies there is no file of the console. */
const assetPath = /^(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)+$/;

/** How often the files are read anew when a build replaces them meanwhile. */
const readingsMax = 10;

/**
 * Reads what the build made, all of one build, also when another build ends meanwhile.
 * @returns `undefined` when the console has not been built.
 */
export function readConsoleFiles(folder: string): ConsoleFiles | undefined {
  for (let readings = 1; ; readings++) {
    try {
      // Before the other files, which are put in their places before it.
      const page = readPage(folder);
      if (page === undefined) return undefined;
      const assets = readAssets(folder);
      if (readPage(folder)?.bytes.equals(page.bytes) === true) return { page, pageTag: tagOf(page), assets };
      if (readings === readingsMax) throw new Error(`${folder} is being built again and again`);
    } catch (error) {
      if (!isMissing(error) || readings === readingsMax) throw error;
    }
  }
}

function tagOf(page: ConsoleFile): string {
  return `"${createHash('sha256').update(page.bytes).digest('base64url').slice(0, 22)}"`;
}

/** It is small, and so not compressed. */
function readPage(folder: string): ConsoleFile | undefined {
  try {
    return { ...named(pageName), bytes: readFileSync(join(folder, pageName)), brotli: undefined };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function readAssets(folder: string): ConsoleFile[] {
  const names = listFiles(folder);
  const assets = names.filter((name) => name !== pageName && !name.endsWith('.br') && assetPath.test(name));
  return assets.map((name) => ({
    ...named(name),
    bytes: readFileSync(join(folder, name)),
    brotli: names.includes(`${name}.br`) ? readFileSync(join(folder, `${name}.br`)) : undefined,
  }));
}

function named(name: string): { path: string; type: string } {
  return { path: `/${name}`, type: types[extname(name)] ?? 'application/octet-stream' };
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
