/**
 * Bundles the service into `dist`: a start reads a few files instead of several hundred, and strips no types. An installed
 * package needs the bundle, because Node strips no types below `node_modules`.
 *
 *     node build/server.ts                builds it
 *     node build/server.ts --when-stale   builds it if the sources have changed since the last build
 *
 * An installation without development packages has no bundler: then nothing is built, and the service runs its sources.
 */
import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import type { Plugin } from 'rolldown';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const stampName = '.stamp';

/** The programs: the service and its threads. */
const entries = [
  'src/main.ts',
  'src/database/sqlite/checkpoint-worker.ts',
  'src/database/sqlite/reading-worker.ts',
  'src/egress/egress-worker.ts',
  'src/http/server/large-push-worker.ts',
];
/** Files that the service reads at run time, each beside the module that reads it. */
const assets = ['src/http/reference/reference.css'];

/** Keeps compiled code between starts, where the folder can be written. Stacks name the sources. */
const launcher = `import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '.compiled'));
await import('./main.js');
`;

/**
 * Modules of Node, with the names that are used. Imported as such, Node reads every property of one, also those that load more
 * of Node when they are read: of `node:http` all of another HTTP client, which takes longer than an empty server's start.
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId: {
    filter: { id: /^node:/ },
    handler: (id, _importer, { kind }) => (kind === 'import-statement' ? `\0${id}` : null),
  },
  load: {
    filter: { id: /^\0node:/ },
    handler(id) {
      const name = id.slice(1);
      const names = Object.getOwnPropertyNames(process.getBuiltinModule(name)).filter((each) => each !== 'default');
      const exported = names.map((each) => `export const ${each} = /* @__PURE__ */ (() => theModule.${each})();`);
      return [`const theModule = process.getBuiltinModule('${name}');`, 'export default theModule;', ...exported].join(
        '\n',
      );
    },
  },
};

/** What a package loads and the service never uses, and what it gets in its place. */
const leftOut = [
  {
    // The client of the service offers HTTP/1.1 only, and does without where a Node has no HTTP/2.
    by: 'undici',
    name: 'node:http2',
    code: "throw new Error('HTTP/2 is left out')",
  },
  {
    // For exemplars of the process's own metrics, which are off.
    by: '@prometheus-io/client',
    name: '@opentelemetry/api',
    code: 'module.exports = {}',
  },
] as const;

/** The service takes one class of undici; the rest would take longer than an empty server's start. */
const client = createRequire(import.meta.url).resolve('undici/lib/dispatcher/client.js');

const parts: Plugin = {
  name: 'parts',
  resolveId: {
    filter: { id: /^(?:undici|node:http2|@opentelemetry\/api)$/ },
    handler(id, importer = '', { kind }) {
      if (id === 'undici') return kind === 'import-statement' ? '\0part:undici' : null;
      const isAsked = leftOut.some(({ by, name }) => name === id && importer.includes(join('node_modules', by, '/')));
      return isAsked ? `\0part:${id}` : null;
    },
  },
  load: {
    filter: { id: /^\0part:/ },
    handler(id) {
      if (id === '\0part:undici') return `export { default as Client } from ${JSON.stringify(client)};`;
      return leftOut.find(({ name }) => id === `\0part:${name}`)?.code;
    },
  },
};

await main(process.argv.includes('--when-stale'));

async function main(whenStale: boolean): Promise<void> {
  const stamp = await stampOfSources();
  const stampFile = join(dist, stampName);
  if (whenStale && (await readFile(stampFile, 'utf8').catch(() => '')) === stamp) {
    // `bin/tocsin.mjs` compares times: a file that was written again, as it was, makes no bundle stale.
    await utimes(stampFile, new Date(), new Date());
    return;
  }
  const bundler = await import('rolldown').catch(() => undefined);
  if (bundler === undefined) return;
  const fresh = `${dist}-${process.pid}`;
  const bundle = await bundler.rolldown({
    cwd: root,
    platform: 'node',
    input: Object.fromEntries(entries.map((path) => [basename(path, '.ts'), path])),
    // An optional part of `pg` that is not installed.
    external: ['pg-native'],
    plugins: [parts, builtins],
  });
  const { output } = await bundle.write({
    dir: fresh,
    format: 'esm',
    sourcemap: true,
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  });
  await bundle.close();
  for (const chunk of output) {
    if (chunk.type === 'chunk') await writeFile(join(fresh, chunk.fileName), threadsAsBundled(chunk.code));
  }
  // Not at the top: an installed package has no bundler, and its Node strips no types.
  const { keptDocuments } = await import('../src/cli/openapi.ts');
  for (const [name, text] of Object.entries(await keptDocuments())) await writeFile(join(fresh, name), text);
  for (const path of assets) await copyFile(join(root, path), join(fresh, basename(path)));
  await writeFile(join(fresh, 'tocsin.js'), launcher);
  await writeFile(join(fresh, stampName), stamp);
  // Two renames, so that a service that starts meanwhile finds the old files or the new, or runs the sources.
  const former = `${fresh}-former`;
  await rename(dist, former).catch(ignoreMissing);
  await rename(fresh, dist);
  await rm(former, { recursive: true, force: true });
}

/** The first build has none before it. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

/** A thread is started from the file beside the bundle. Every character stays in its place, as the source map has it. */
function threadsAsBundled(code: string): string {
  return code.replaceAll(
    /new URL\((["'`])\.\/([\w-]+)\.ts\1,(\s*)import\.meta\.url\)/g,
    'new URL($1./$2.js$1,$3import.meta.url)',
  );
}

/** Changes whenever a file that the build reads changes. */
async function stampOfSources(): Promise<string> {
  const folders = ['src', 'receiver/src'].map((name) => join(root, name));
  const files = (await Promise.all(folders.map(filesBelow))).flat().filter((path) => !path.endsWith('.test.ts'));
  const others = ['package.json', 'package-lock.json', 'build/server.ts'].map((name) => join(root, name));
  const hash = createHash('sha256');
  for (const path of [...files, ...others].sort()) {
    // An installed package has no lock file.
    const content = await readFile(path).catch(() => '');
    hash
      .update(`${relative(root, path)}\n`)
      .update(content)
      .update('\n');
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
