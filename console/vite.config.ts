import { pathToFileURL } from 'node:url';
import react from '@vitejs/plugin-react';
import compileMessage from 'icu-minify/compile';
import { defineConfig } from 'vite';
import type { Plugin, Rolldown } from 'vite';
import * as requests from './src/first-requests.ts';

/** The page may run no inline script, so the theme is chosen by a small file that the browser reads before it paints. */
const earlyEntry = 'before-paint';

/** The file of a room, by a page that is in it, for each beginning of an address. */
const firstPages: Readonly<Record<string, string>> = {
  '/incident': 'incidents/incident-list-page.tsx',
  '/alert': 'incidents/incident-list-page.tsx',
  '/delivery': 'deliveries/deliveries-page.tsx',
  '/integration-center/source': 'sources/source-list-page.tsx',
  '/integration-center/webhook': 'webhooks/webhook-list-page.tsx',
  '/integration-center/action': 'webhooks/webhook-list-page.tsx',
  '/channel': 'sources/source-list-page.tsx',
  '/people': 'people/people-page.tsx',
  '/settings': 'settings/settings-page.tsx',
};

/** Lets the first paint have its theme and its font, and names the files and requests that each page will ask for. */
function beforePaint(): Plugin {
  return {
    name: 'before-paint',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const files = Object.values(bundle ?? {});
        const early = files.find((one) => one.type === 'chunk' && one.name === earlyEntry)?.fileName;
        const font = files.find((one) => one.fileName.endsWith('.woff2'))?.fileName;
        if (early === undefined || font === undefined) throw new Error('the theme or the font is not in the bundle');
        const content = JSON.stringify(filesOfPages(files));
        return [
          { tag: 'meta', attrs: { name: 'tocsin-files', content }, injectTo: 'head' },
          { tag: 'meta', attrs: { name: 'tocsin-requests', content: JSON.stringify(requests) }, injectTo: 'head' },
          { tag: 'script', attrs: { src: `/${early}` }, injectTo: 'head' },
          {
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `/${font}` },
            injectTo: 'head',
          },
        ];
      },
    },
  };
}

type Output = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** Beside the first file, by the beginnings of addresses. */
function filesOfPages(files: readonly Output[]): Record<string, string[]> {
  const chunks = files.filter((one) => one.type === 'chunk');
  const first = chunks.find((one) => one.name === 'first');
  const known = new Set([first?.fileName, ...(first?.imports ?? [])]);
  return Object.fromEntries(
    Object.entries(firstPages).map(([address, page]) => {
      const chunk = chunks.find((one) => one.moduleIds.some((id) => id.endsWith(`/src/${page}`)));
      if (chunk === undefined) throw new Error(`${page} is not in the bundle`);
      const needed = [chunk.fileName, ...chunk.imports].filter((name) => !known.has(name));
      return [address, needed.map((name) => `/${name}`)];
    }),
  );
}

const layers = '@layer reset, tokens, base, parts, screens;\n';

/** Style sheets come in any order, so each of them begins with the order of the layers. */
function orderOfLayers(): Plugin {
  return {
    name: 'order-of-layers',
    enforce: 'pre',
    transform: { filter: { id: /\.css$/ }, handler: (code) => ({ code: layers + code, map: null }) },
  };
}

/** The messages are read by the build, so that no browser needs the parser of their syntax: it is larger than all of them. */
function compiledMessages(): Plugin {
  return {
    name: 'compiled-messages',
    config: () => ({
      resolve: { alias: [{ find: /^use-intl\/format-message$/, replacement: 'use-intl/format-message/format-only' }] },
    }),
    transform: {
      filter: { id: /[\\/]src[\\/]words[\\/](?:en|zh-CN)[\\/]/ },
      async handler(_code, id) {
        if (/[\\/](?:core|index)\.ts$/.test(id)) return undefined;
        const words = (await import(pathToFileURL(id).href)) as Record<string, object>;
        const code = Object.entries(words).map(
          ([name, messages]) => `export const ${name} = ${JSON.stringify(compiledIn(messages))};`,
        );
        return { code: code.join('\n'), map: null };
      },
    },
  };
}

function compiledIn(words: object): object {
  return Object.fromEntries(
    Object.entries(words).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'string' ? compileMessage(value) : compiledIn(value as object),
    ]),
  );
}

type Group = NonNullable<Exclude<NonNullable<Rolldown.OutputOptions['codeSplitting']>, boolean>['groups']>[number];

/** The words for severities and progress, which half of the pages have. */
const neededByMost = /[\\/]src[\\/]words[\\/]en[\\/]incidents\.ts$/;

/** What every page needs: all that the first file imports. One file, in place of a request for each small part. */
const firstGroup: Group = {
  debugName: 'first',
  name: (id, chunking) => (isNeededAtFirst(id, chunking, new Set()) ? 'first' : null),
  priority: 2,
};

/** What several pages need beside that: lists, filters, buttons of menus. Menus and dialogs themselves come when the first of them opens. */
const sharedGroup: Group = {
  name: 'shared',
  test: /node_modules[\\/](?!@base-ui|@floating-ui)|src[\\/](?:parts|api|time)[\\/]/,
  minShareCount: 2,
  priority: 1,
};

/** Rooms whose pages need the words or parts of another one share its file: each request more makes the first page late. */
const roomsTogether: Readonly<Record<string, string>> = {
  alerts: 'incidents',
  audit: 'settings',
  channels: 'sources',
  conditions: 'sources',
  'first-run': 'sources',
  replay: 'webhooks',
};

/** The pages of a room are small and follow one another: one file for all of them, with its English words. What opens over pages stays apart. */
const roomGroup: Group = {
  debugName: 'room',
  name: (id) => {
    const found = /[\\/]src[\\/](?:words[\\/]en[\\/]([\w-]+)\.ts|(?!frame|words|parts|api|time)([\w-]+)[\\/])/.exec(id);
    const room = found?.slice(1).join('') ?? '';
    return room === '' ? null : (roomsTogether[room] ?? room);
  },
};

type Chunking = Parameters<Extract<Group['name'], (...args: never[]) => unknown>>[1];

function isNeededAtFirst(id: string, chunking: Chunking, seen: Set<string>): boolean {
  if (id.endsWith('/src/main.tsx') || neededByMost.test(id)) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return (chunking.getModuleInfo(id)?.importers ?? []).some((importer) => isNeededAtFirst(importer, chunking, seen));
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compiledMessages(), beforePaint(), orderOfLayers()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    sourcemap: false,
    // The content security policy of the pages allows neither inline scripts nor data in scripts and styles.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One style sheet and one file of shared code: a page costs its own file and nothing else.
    cssCodeSplit: false,
    reportCompressedSize: false,
    // The budgets in build.ts say it better.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: {
        index: `${import.meta.dirname}/index.html`,
        [earlyEntry]: `${import.meta.dirname}/src/before-paint.ts`,
      },
      output: { codeSplitting: { groups: [firstGroup, sharedGroup, roomGroup] } },
    },
  },
});
