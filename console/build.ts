/**
 * Builds the console into `console/dist`, which the service serves.
 *
 *     node console/build.ts                builds it
 *     node console/build.ts --when-stale   builds it if its sources have changed since the last build
 *
 * An installation without development packages has no vite: then nothing is built, and the reason is printed.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { putInPlace } from './put-in-place.ts';

const folder = import.meta.dirname;
const dist = join(folder, 'dist');
const stampName = '.stamp';
const stampFile = join(dist, stampName);
/** Built beside, so that a service that starts meanwhile finds whole files. */
const fresh = `${dist}-${process.pid}`;

/** Kilobytes after gzip: what a page may load when it is the first, and what it may add when it is not. */
const firstScriptMaxKb = 220;
const furtherScriptMaxKb = 40;
/** A menu or a dialog over a page, with the kit's script that it needs. */
const overlayScriptMaxKb = 45;
const styleMaxKb = 20;

/** What brotli makes no smaller. The page is one small file, so that it is replaced in one step. */
const uncompressed = /\.(?:woff2|png|html)$/;

await main(process.argv.includes('--when-stale'));

async function main(whenStale: boolean): Promise<void> {
  const stamp = await stampOfSources();
  if (whenStale && (await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return;
  const vite = await import('vite').catch(() => undefined);
  if (vite === undefined) {
    if (!existsSync(stampFile)) {
      say('The console is not built: its packages are missing. Install with development packages: npm ci');
    }
    return;
  }
  const build = { outDir: fresh, emptyOutDir: true };
  await vite.build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn', build });
  const manifest = JSON.parse(await readFile(join(fresh, '.vite', 'manifest.json'), 'utf8')) as Manifest;
  const sizes = await sizesOf(manifest);
  const faults = await budgetFaults(manifest, sizes);
  await rm(join(fresh, '.vite'), { recursive: true });
  await compress();
  await writeFile(join(fresh, '.sizes.json'), JSON.stringify(sizes));
  await writeFile(join(fresh, stampName), stamp);
  await putInPlace(fresh, dist, ['index.html', stampName]);
  for (const fault of faults) say(fault);
  if (faults.length > 0) process.exitCode = 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Changes whenever a file that the build reads changes. */
async function stampOfSources(): Promise<string> {
  const files = [
    ...['build.ts', 'index.html', 'package.json', 'put-in-place.ts', 'vite.config.ts'].map((name) =>
      join(folder, name),
    ),
    ...(await filesBelow(join(folder, 'src'))).filter((path) => !path.endsWith('.test.ts')),
    join(folder, '..', 'package-lock.json'),
  ];
  const hash = createHash('sha256');
  for (const path of files.sort()) {
    // An installed package has no lock file.
    const content = await readFile(path).catch(() => '');
    hash
      .update(`${relative(folder, path)}\n`)
      .update(content)
      .update('\n');
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function compress(): Promise<void> {
  for (const path of await filesBelow(fresh)) {
    if (uncompressed.test(path)) continue;
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    await writeFile(`${path}.br`, brotliCompressSync(await readFile(path), options));
  }
}

interface ManifestEntry {
  readonly file: string;
  readonly name?: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

type Manifest = Readonly<Record<string, ManifestEntry>>;

/** Of one page, menu or dialog, after gzip. */
interface Size {
  /** Its source, from `console/`. */
  readonly name: string;
  /** All that the browser loads when it is the first page. */
  readonly firstKb: number;
  /** What it adds to a page that is there already. */
  readonly furtherKb: number;
}

/** A page is what the browser loads for its address: the first file, the page's own, and all that those import. */
async function sizesOf(manifest: Manifest): Promise<Size[]> {
  const keyOf = (name: string): string => Object.keys(manifest).find((key) => manifest[key]?.name === name) ?? name;
  const first = reachable(manifest, keyOf('first'));
  const known = new Set([...first, keyOf('shared')]);
  const pages = new Set(Object.values(manifest).flatMap((entry) => entry.dynamicImports ?? []));
  const sizes = [...pages].sort().map(async (name): Promise<Size> => {
    const page = reachable(manifest, name);
    const own = new Set([...page].filter((key) => !known.has(key)));
    return {
      name,
      firstKb: await kilobytes(filesOf(manifest, new Set([...first, ...page]))),
      furtherKb: await kilobytes(filesOf(manifest, own)),
    };
  });
  return Promise.all(sizes);
}

async function budgetFaults(manifest: Manifest, sizes: readonly Size[]): Promise<string[]> {
  const faults = sizes.flatMap(({ name, firstKb, furtherKb }) => [
    over(`all scripts for ${name}`, firstKb, firstScriptMaxKb),
    over(`the scripts of ${name}`, furtherKb, name.endsWith('-popup.tsx') ? overlayScriptMaxKb : furtherScriptMaxKb),
  ]);
  faults.push(over('the styles', await kilobytes(stylesOf(manifest)), styleMaxKb));
  return faults.filter((fault) => fault !== '');
}

function reachable(manifest: Manifest, key: string, found = new Set<string>()): Set<string> {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key]?.imports ?? []) reachable(manifest, next, found);
  return found;
}

function filesOf(manifest: Manifest, keys: ReadonlySet<string>): string[] {
  return [...keys].flatMap((key) => manifest[key]?.file ?? []).filter((file) => file.endsWith('.js'));
}

function stylesOf(manifest: Manifest): string[] {
  const files = Object.values(manifest).flatMap((entry) => [entry.file, ...(entry.css ?? [])]);
  return [...new Set(files.filter((file) => file.endsWith('.css')))];
}

async function kilobytes(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(join(fresh, file))).length));
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

function over(name: string, size: number, most: number): string {
  return size <= most ? '' : `Over budget: ${name} have ${size.toFixed(1)} kB after gzip; ${most} kB are allowed.`;
}
