/** How the text of a setting is read: its value, or a sentence that says what is wrong. */
export interface Kind<Value> {
  /** What is expected, to end a sentence with: `a whole number from 1 to 9`. */
  readonly expects: string;
  read(text: string): { readonly value: Value } | { readonly fault: string };
  /** The text that reads as this value. */
  write(value: Value): string;
}

export interface Setting<Value> {
  /** The name in the environment; without `TOCSIN_` and in lower case it is the key in the file. */
  readonly name: `TOCSIN_${string}`;
  readonly kind: Kind<Value>;
  readonly fallback: Value;
  /** A text that is right, for messages and the example file. */
  readonly example: string;
  /** What it does, in a sentence, with its unit. */
  readonly doc: string;
  /** How it is shown, where it may hold a secret. */
  mask?(value: Value): string;
}

export const text: Kind<string> = {
  expects: 'a text',
  read: (value) => ({ value }),
  write: (value) => value,
};

export function textOf(minLength: number): Kind<string> {
  return {
    expects: `a text of at least ${minLength} characters`,
    read: (value) => (value.length >= minLength ? { value } : { fault: `is shorter than ${minLength} characters` }),
    write: (value) => value,
  };
}

export function integer(min: number, max: number): Kind<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    read(value) {
      if (!/^\d{1,15}$/.test(value)) return { fault: 'is not a whole number' };
      const number = Number(value);
      return number < min || number > max ? { fault: `is not within ${min} and ${max}` } : { value: number };
    },
    write: String,
  };
}

export function oneOf<Value extends string>(values: readonly Value[]): Kind<Value> {
  return {
    expects: `one of ${values.join(', ')}`,
    read(value) {
      const found = values.find((known) => known === value);
      return found === undefined ? { fault: 'is none of them' } : { value: found };
    },
    write: (value) => value,
  };
}

/** Items with commas between, spaces around them ignored. */
export function list(item: string, good: RegExp): Kind<readonly string[]> {
  return {
    expects: `${item}, with commas between`,
    read(value) {
      const items = value.split(',').map((part) => part.trim());
      const kept = items.filter((part) => part !== '');
      const bad = kept.filter((part) => !good.test(part));
      return bad.length === 0 ? { value: kept } : { fault: `has items that are not: ${bad.join(', ')}` };
    },
    write: (value) => value.join(','),
  };
}

/** An absolute URL of one of the protocols, kept as it was given; '' = none. */
export function url(protocols: readonly string[]): Kind<string> {
  const schemes = protocols.map((protocol) => `${protocol}://…`).join(' or ');
  return {
    expects: `a URL (${schemes})`,
    read(value) {
      if (!URL.canParse(value)) return { fault: 'is not a URL' };
      return protocols.includes(new URL(value).protocol.slice(0, -1))
        ? { value }
        : { fault: `does not start with ${schemes}` };
    },
    write: (value) => value,
  };
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, or `[v6]:port`. */
export const address: Kind<Address> = {
  expects: 'host:port',
  read(value) {
    const [, v6, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/i.exec(value) ?? [];
    const host = v6 ?? name;
    const port = Number(digits);
    if (host === undefined) return { fault: 'is not host:port' };
    return port > 65_535 ? { fault: 'has a port above 65535' } : { value: { host, port } };
  },
  write: ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
};
