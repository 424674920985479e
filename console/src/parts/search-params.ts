/** Filters as parts of the address. Pure: texts in, values out, and the names of what could not be read. */

export interface Param<T> {
  readonly fallback: T;
  /** `undefined` for a text that cannot be read. */
  read(text: string): T | undefined;
  write(value: T): string;
}

export type Params = Readonly<Record<string, Param<unknown>>>;
export type ValuesOf<P extends Params> = { readonly [Name in keyof P]: P[Name]['fallback'] };

export type RawSearch = Readonly<Record<string, string>>;

const textMaxChars = 200;

export const text: Param<string> = {
  fallback: '',
  read: (value) => (value.length <= textMaxChars ? value : undefined),
  write: (value) => value,
};

/** A whole number from 1; 0 = none. */
export const numberOrNone: Param<number> = {
  fallback: 0,
  read: (value) => (/^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined),
  write: String,
};

export function choice<T extends string>(choices: readonly T[], fallback: NoInfer<T>): Param<T>;
export function choice<T extends string>(choices: readonly T[]): Param<T | ''>;
export function choice(choices: readonly string[], fallback = ''): Param<string> {
  return { fallback, read: (value) => choices.find((one) => one === value), write: (value) => value };
}

/** Several of the choices, joined by commas. */
export function choices<T extends string>(all: readonly T[]): Param<readonly T[]> {
  return {
    fallback: [],
    read(value) {
      const parts = value.split(',');
      const known = all.filter((one) => parts.includes(one));
      return known.length === parts.length ? known : undefined;
    },
    write: (value) => value.join(','),
  };
}

export function readSearch<P extends Params>(params: P, raw: RawSearch): { values: ValuesOf<P>; dropped: string[] } {
  const dropped: string[] = [];
  const entries = Object.entries(params).map(([name, param]) => {
    const written = raw[name];
    if (written === undefined || written === '') return [name, param.fallback];
    const value = param.read(written);
    if (value === undefined) dropped.push(name);
    return [name, value ?? param.fallback];
  });
  return { values: Object.fromEntries(entries) as ValuesOf<P>, dropped };
}

/** Values that are the default are left out, so that an address says only what was chosen. */
export function writeSearch<P extends Params>(params: P, values: ValuesOf<P>): RawSearch {
  const entries = Object.entries(params)
    .map(([name, param]) => [name, param.write(values[name as keyof P]), param.write(param.fallback)] as const)
    .filter(([, written, fallback]) => written !== fallback)
    .map(([name, written]) => [name, written]);
  return Object.fromEntries(entries) as RawSearch;
}

/** For the router: every value stays the text that it is in the address. */
export function parseAddress(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function writeAddress(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') params.set(name, value);
  }
  const written = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return written === '' ? '' : `?${written}`;
}
