import { dirname, posix } from 'node:path';
import { lineOf, type Import, type SourceFile } from './source-file.ts';

/** One place that breaks a rule, in words that say what to do instead. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export type Rule = (file: SourceFile) => Finding[];

/** The only import directions: a file imports from its own room and from rooms on lower floors. */
export const floors: Readonly<Record<string, number>> = {
  'version.ts': 0,
  runtime: 0,
  database: 1,
  events: 2,
  filters: 2,
  access: 2,
  egress: 2,
  alerts: 3,
  changes: 3,
  webhooks: 3,
  channels: 3,
  members: 3,
  incidents: 4,
  ingestion: 5,
  delivery: 5,
  replay: 6,
  http: 7,
  config: 8,
  wiring: 9,
  'app.ts': 10,
  cli: 11,
  'main.ts': 12,
};

/**
 * The floors inside `delivery`, by the same rule: a file imports from its own folder and from lower ones. Files that
 * stand beside the folders are on the floor of the dispatcher, but for those with a line here.
 */
export const deliveryFloors: Readonly<Record<string, number>> = {
  store: 0,
  queue: 1,
  attempt: 2,
  maintenance: 3,
  'shown-webhooks.ts': 0,
  'metrics.ts': 1,
  'dispatcher.ts': 4,
  cluster: 5,
  history: 5,
  'engine.ts': 6,
};

/** Rooms from this floor up may use the receiver's wire types and signatures. */
const receiverFloor = 2;

/** The only files that open sockets, look names up or speak HTTP, each with its reason. */
export const networkDoors: Readonly<Record<string, string>> = {
  'src/egress/http-client.ts': 'the one door out: every push leaves through it',
  'src/egress/connect.ts': 'opens the socket that the client writes to, after the address guard has looked',
  'src/egress/dns-resolver.ts': 'looks up the names to connect to',
  'src/http/server/listener.ts': 'the one door in',
  'src/cli/client.ts': 'the commands are clients of the API',
  'src/cli/demo-receiver.ts': 'the receiver that the demonstration brings along',
};

/** The only files, or folders when they end in `/`, that read the environment. */
export const environmentDoors: Readonly<Record<string, string>> = {
  'src/main.ts': 'hands the environment to the configuration',
  'src/cli/': 'clients of the API: the address and the key may come from the environment',
};

/** The longest a source file may be; past it, it holds two things. Tests may be longer: they hold tables. */
const linesMax = 400;
const testLinesMax = 600;

const networkModules =
  /^(?:node:)?(?:http|https|http2|net|tls|dns|dns\/promises|dgram)$|^(?:undici|axios|got|node-fetch|ws)(?:\/|$)/;
/** These only look at text. */
const pureNetworkNames = new Set(['isIP', 'isIPv4', 'isIPv6', 'STATUS_CODES', 'METHODS']);
const networkGlobals = /(?<![.\w])(?:fetch|WebSocket|EventSource|XMLHttpRequest)\s*\(/g;
const environmentUse = /\bprocess\s*(?:\.|\?\.)\s*env\b|\bimport\.meta\.env\b/g;
const ambientTime =
  /\bDate\.now\b|\bnew Date\s*(?:\(\s*\)|(?=[;,\s)\]]))|\bMath\.random\b|(?<![.\w])(?:setTimeout|setInterval|setImmediate)\b|\bperformance\.(?:now|timeOrigin)\b|\bprocess\.(?:hrtime|uptime)\b|\bAbortSignal\.timeout\b|\bTemporal\.Now\b|\b(?:crypto\.)?(?:randomUUID|getRandomValues)\s*\(/g;
const timeModules = /^(?:node:)?timers(?:\/promises)?$/;
const randomNames = /\b(?:randomBytes|randomInt|randomUUID|randomUUIDv7|randomFill|randomFillSync)\b/;
const queryBuilding =
  /\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto|replaceInto|insertMany|updateMany)\s*(?:<|\()/g;
const sqlText =
  /^\s*(?:select\s[^]*\sfrom\s|insert\s+into\s|update\s+[\w."]+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(?:table|unique|index)\s|alter\s+table\s|pragma\s+\w)/i;
const dialectBranch = /[=!]==?\s*'(?=[^']*')|\bcase\s+'(?=[^']*')/g;
const bannedNames = /(?:^|\/)(?:utils?|helpers?|commons?|types|misc|libs?)(?:\/|\.(?:test\.)?tsx?$)/;

/** The rules for `src`. Its tests stand beside the source, and what they may use is wider. */
export const sourceRules: Readonly<Record<string, Rule>> = {
  floors: skipTests(keepsToItsFloor),
  network: skipTests(keepsOffTheNetwork),
  environment: skipTests(keepsOffTheEnvironment),
  time: skipTests(takesTimeAndChanceAsPorts),
  sql: skipTests(keepsSqlInStores),
  dialect: skipTests(asksNoDialect),
  length: staysShort,
};

/** The rules for all TypeScript of ours. */
export const everywhereRules: Readonly<Record<string, Rule>> = {
  names: hasATellingName,
  exports: hasNoDefaultExport,
};

/** The rules for `receiver/src`, which others use without us. */
export const receiverRules: Readonly<Record<string, Rule>> = {
  alone: skipTests(importsNothingOfOurs),
};

/** The rules for `console`, which is built on its own. */
export const consoleRules: Readonly<Record<string, Rule>> = {
  shapes: skipTests(importsOnlyShapes),
  markup: makesNoMarkupOfText,
  rooms: skipTests(keepsToItsConsoleFloor),
  length: staysShort,
};

/** The rules for every text file of the repository. */
export const textRules: Readonly<Record<string, Rule>> = {
  promises: leavesNoPromises,
  places: namesNoMachine,
};

function skipTests(rule: Rule): Rule {
  return (file) => (file.path.endsWith('.test.ts') ? [] : rule(file));
}

function keepsToItsFloor(file: SourceFile): Finding[] {
  const room = roomOf(file.path);
  const floor = floors[room];
  if (floor === undefined) return [{ path: file.path, line: 1, message: `the room ${room} has no floor` }];
  return file.imports.flatMap((one) => {
    const wrong = wrongDirection(file, room, floor, one);
    return wrong === undefined ? [] : [at(file, one, wrong)];
  });
}

function wrongDirection(file: SourceFile, room: string, floor: number, one: Import): string | undefined {
  if (one.specifier === '#receiver') {
    return floor >= receiverFloor ? undefined : `${room} (floor ${floor}) may not use #receiver`;
  }
  if (!one.specifier.startsWith('.')) return undefined;
  const target = resolve(file.path, one.specifier);
  if (target === 'package.json' && room === 'version.ts') return undefined;
  if (!target.startsWith('src/')) return `${one.specifier} leads out of src`;
  const targetRoom = roomOf(target);
  if (targetRoom === room) return room === 'delivery' ? wrongInDelivery(file.path, target) : undefined;
  const targetFloor = floors[targetRoom];
  if (targetFloor === undefined) return `${one.specifier} is in the room ${targetRoom}, which has no floor`;
  if (targetFloor < floor) return undefined;
  return `${room} (floor ${floor}) may not import from ${targetRoom} (floor ${targetFloor})`;
}

function wrongInDelivery(path: string, target: string): string | undefined {
  const [from, to] = [path.split('/')[2] ?? '', target.split('/')[2] ?? ''];
  if (from === to) return undefined;
  const floorOf = (name: string) =>
    deliveryFloors[name] ?? (name.endsWith('.ts') ? deliveryFloors['dispatcher.ts'] : undefined);
  const [floor, targetFloor] = [floorOf(from), floorOf(to)];
  if (floor === undefined || targetFloor === undefined)
    return `delivery/${floor === undefined ? from : to} has no floor`;
  const beside = from.endsWith('.ts') && to.endsWith('.ts');
  if (targetFloor < floor || (beside && targetFloor === floor)) return undefined;
  return `delivery/${from} (floor ${floor}) may not import from delivery/${to} (floor ${targetFloor})`;
}

function keepsOffTheNetwork(file: SourceFile): Finding[] {
  if (networkDoors[file.path] !== undefined) return [];
  const imports = file.imports
    .filter((one) => !one.typeOnly && networkModules.test(one.specifier) && !namesOf(one).every(isPureNetworkName))
    .map((one) => at(file, one, `${one.specifier} opens the network; only the doors listed in the rules may`));
  return [...imports, ...matches(file, networkGlobals, (text) => `${text}…) opens the network`)];
}

function isPureNetworkName(name: string): boolean {
  return name.startsWith('type ') || pureNetworkNames.has(name);
}

function keepsOffTheEnvironment(file: SourceFile): Finding[] {
  const isDoor = Object.keys(environmentDoors).some((door) =>
    door.endsWith('/') ? file.path.startsWith(door) : file.path === door,
  );
  if (isDoor) return [];
  const imports = file.imports
    .filter((one) => /^(?:node:)?process$/.test(one.specifier) && namesOf(one).includes('env'))
    .map((one) => at(file, one, 'the environment is read at its door and handed on'));
  return [...imports, ...matches(file, environmentUse, (text) => `${text} is read at its door and handed on`)];
}

function takesTimeAndChanceAsPorts(file: SourceFile): Finding[] {
  if (file.path.startsWith('src/runtime/')) return [];
  const imports = file.imports
    .filter((one) => !one.typeOnly && (timeModules.test(one.specifier) || randomNames.test(one.names)))
    .map((one) => at(file, one, `take a port of src/runtime instead of ${one.specifier}`));
  return [...imports, ...matches(file, ambientTime, (text) => `take a port of src/runtime instead of ${text}`)];
}

function keepsSqlInStores(file: SourceFile): Finding[] {
  if (file.path.endsWith('-store.ts') || file.path.startsWith('src/database/')) return [];
  const imports = file.imports
    .filter((one) => !one.typeOnly && /^(?:kysely|pg|node:sqlite)$/.test(one.specifier))
    .map((one) => at(file, one, `${one.specifier} belongs into a -store.ts file or src/database`));
  const texts = file.strings
    .filter((one) => sqlText.test(one.value))
    .map((one) => ({ path: file.path, line: one.line, message: 'SQL text belongs into a -store.ts file' }));
  const building = matches(file, queryBuilding, (text) => `${text}…) belongs into a -store.ts file`);
  return [...imports, ...texts, ...building];
}

function asksNoDialect(file: SourceFile): Finding[] {
  if (file.path.startsWith('src/database/')) return [];
  return [...file.code.matchAll(dialectBranch)]
    .filter((match) => /^(?:sqlite|postgres)'/.test(file.text.slice(match.index + match[0].length)))
    .map((match) => ({
      path: file.path,
      line: lineOf(file.code, match.index),
      message: 'what differs between databases is a named fragment of the dialect, never a question which one it is',
    }));
}

function staysShort(file: SourceFile): Finding[] {
  const lines = file.text.split('\n').length - 1;
  const most = file.path.endsWith('.test.ts') ? testLinesMax : linesMax;
  if (lines <= most) return [];
  return [{ path: file.path, line: most, message: `${lines} lines: it holds more than one thing` }];
}

function hasATellingName(file: SourceFile): Finding[] {
  if (!bannedNames.test(file.path)) return [];
  return [{ path: file.path, line: 1, message: 'name it after the noun that it holds' }];
}

function hasNoDefaultExport(file: SourceFile): Finding[] {
  // A tool that wants its configuration as the default export gets it.
  if (/(?:^|\/)[\w-]+\.config\.ts$/.test(file.path)) return [];
  return matches(file, /\bexport\s+default\b|\bas\s+default\b/g, () => 'export it under its name');
}

function importsNothingOfOurs(file: SourceFile): Finding[] {
  return file.imports
    .filter((one) => !one.specifier.startsWith('node:'))
    .filter((one) => !(one.specifier.startsWith('.') && resolve(file.path, one.specifier).startsWith('receiver/src/')))
    .map((one) => at(file, one, `the receiver stands alone; it may not import ${one.specifier}`));
}

function importsOnlyShapes(file: SourceFile): Finding[] {
  return file.imports
    .filter((one) => one.specifier.startsWith('.') && !resolve(file.path, one.specifier).startsWith('console/'))
    .filter((one) => !(one.typeOnly && resolve(file.path, one.specifier).startsWith('src/http/schemas/')))
    .map((one) => at(file, one, 'the console takes types from src/http/schemas, and nothing else from the server'));
}

const markupOfText =
  /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|createContextualFragment)\b|\bdocument\s*\.\s*write(?:ln)?\b|(?<![.\w])(?:eval|Function)\s*\(|\.setAttribute\s*\(/g;

/** Text from outside stays text: the pages allow no other way to run, and the console does not try. */
function makesNoMarkupOfText(file: SourceFile): Finding[] {
  return matches(file, markupOfText, (text) => `${text} turns text into markup or code`);
}

/** The floors of the console: pages over parts over what both need. Rooms of one floor do not import each other. */
const consoleFloors: Readonly<Record<string, number>> = { api: 0, words: 1, time: 1, parts: 2 };
const consoleRoomFloor = 3;

function keepsToItsConsoleFloor(file: SourceFile): Finding[] {
  const room = consoleRoomOf(file.path);
  if (room === undefined) return [];
  const floor = consoleFloors[room] ?? consoleRoomFloor;
  return file.imports.flatMap((one) => {
    if (!one.specifier.startsWith('.')) return [];
    const target = consoleRoomOf(resolve(file.path, one.specifier));
    if (target === undefined || target === room) return [];
    if ((consoleFloors[target] ?? consoleRoomFloor) < floor) return [];
    return [at(file, one, `${room} of the console may not import from ${target}`)];
  });
}

/** `undefined` for a file that is in no room: `main.tsx` and `routes.tsx` import from all. */
function consoleRoomOf(path: string): string | undefined {
  return /^console\/src\/([\w-]+)\//.exec(path)?.[1];
}

/** A note to do something later has its place in the issues, with an owner, and not in the code. */
const promise = /\b(?:TODO|FIXME|XXX)\b/g;
/** Folders that exist on somebody's machine only, and the hosts that packages were fetched from. */
const machinePath = /(?<![\w.:*/\-\]})])\/(?:home|Users|root|work|workspace|mnt)\/[\w.-]+/g;
const registryHost =
  /\bhttps?:\/\/(?:[\w-]+\.)*(?:registry|npmjs|mirrors?|artifactory|nexus|verdaccio)[\w-]*\.[\w.-]+/gi;

function leavesNoPromises(file: SourceFile): Finding[] {
  return matchesInText(file, promise, (text) => `${text}: do it, or file an issue`);
}

function namesNoMachine(file: SourceFile): Finding[] {
  return [
    ...matchesInText(file, machinePath, (text) => `${text} is a path of one machine`),
    ...matchesInText(file, registryHost, (text) => `${text} is a package registry`),
  ];
}

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function resolve(from: string, specifier: string): string {
  return posix.join(dirname(from), specifier);
}

function namesOf(one: Import): string[] {
  const names = /^\{(?<list>[^}]*)\}$/.exec(one.names)?.groups?.['list'];
  if (names === undefined) return [one.names];
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => (name.startsWith('type ') ? name : (name.split(/\s+as\s+/)[0] ?? '')));
}

function at(file: SourceFile, one: Import, message: string): Finding {
  return { path: file.path, line: one.line, message };
}

function matches(file: SourceFile, pattern: RegExp, message: (text: string) => string): Finding[] {
  return find(file, file.code, pattern, message);
}

function matchesInText(file: SourceFile, pattern: RegExp, message: (text: string) => string): Finding[] {
  return find(file, file.text, pattern, message);
}

function find(file: SourceFile, text: string, pattern: RegExp, message: (text: string) => string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineOf(text, match.index),
    message: message(match[0].trim()),
  }));
}
