import ipaddr from 'ipaddr.js';
import { RegexCache } from './regex.ts';

/**
 * One value of a condition (contract 7.1), by how it is written:
 *
 * - `/…/` a regular expression of RE2, found anywhere in the value
 * - `cidr:10.0.0.0/8` the value is an address in that network
 * - `num:gt:90` (`gt`, `ge`, `lt`, `le`) the value is a number, and compares so
 * - with `*` or `?` a wildcard for the whole value: `*` is any run of characters, `?` is one
 * - anything else is the value itself, as a whole, case-sensitive
 */
export interface Pattern {
  test(value: string): boolean;
}

/** Never throws: an unreadable pattern, which {@link patternFault} reports, matches nothing. */
export function compilePattern(text: string): Pattern {
  if (isRegex(text)) return { test: regexTest(text) };
  if (text.startsWith(cidrMark)) return { test: networkTest(text.slice(cidrMark.length)) };
  const comparison = comparisonForm.exec(text);
  if (comparison !== null) return { test: comparisonTest(comparison[1] ?? '', comparison[2] ?? '') };
  if (/[*?]/.test(text)) return { test: wildcardTest(text) };
  return { test: (value) => value === text };
}

/** The fault of a pattern, as the rest of a sentence that starts with its place. */
export function patternFault(text: string): string | undefined {
  if (isRegex(text)) return regexFault(text);
  if (text.startsWith(cidrMark) && readNetwork(text.slice(cidrMark.length)) === undefined) {
    return `is not a network: write it as cidr:10.0.0.0/8, not ${JSON.stringify(text)}`;
  }
  const comparison = comparisonForm.exec(text);
  if (comparison !== null && readNumber(comparison[2] ?? '') === undefined) {
    return `compares with something that is no number: write it as num:gt:90, not ${JSON.stringify(text)}`;
  }
  return undefined;
}

/** Some places do not allow `cidr:` and `num:` (contract 7.1). */
export function isRange(text: string): boolean {
  return text.startsWith(cidrMark) || comparisonForm.test(text);
}

const cidrMark = 'cidr:';
const comparisonForm = /^num:(gt|ge|lt|le):(.*)$/su;

/** Lists take no regular expressions. */
export function isRegex(text: string): boolean {
  return text.length >= 2 && text.startsWith('/') && text.endsWith('/');
}

type Test = Pattern['test'];
const never: Test = () => false;

const regexes = new RegexCache();

function regexTest(text: string): Test {
  const test = regexes.compile(text.slice(1, -1));
  return typeof test === 'string' ? never : test;
}

function regexFault(text: string): string | undefined {
  if (text === '//') return 'is an empty regular expression, which is found in everything: write * instead';
  const test = regexes.compile(text.slice(1, -1));
  return typeof test === 'string' ? test : undefined;
}

function wildcardTest(text: string): Test {
  const pattern = Array.from(text);
  return (value) => wildcardMatches(pattern, value);
}

/** Backtracks to the last `*` only, so the time is at most the product of both lengths. */
function wildcardMatches(pattern: readonly string[], value: string): boolean {
  let at = 0;
  let index = 0;
  let starAt = -1;
  let starIndex = 0;
  while (index < value.length) {
    const char = String.fromCodePoint(value.codePointAt(index) ?? 0);
    if (pattern[at] === '*') {
      starAt = at;
      starIndex = index;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === char) {
      at += 1;
      index += char.length;
    } else if (starAt >= 0) {
      starIndex += (value.codePointAt(starIndex) ?? 0) > 0xffff ? 2 : 1;
      index = starIndex;
      at = starAt + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((char) => char === '*');
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function networkTest(text: string): Test {
  const network = readNetwork(text);
  if (network === undefined) return never;
  const [base, bits] = network;
  return (value) => {
    const address = readAddress(value);
    return address !== undefined && address.kind() === base.kind() && address.match(base, bits);
  };
}

function readNetwork(text: string): [Address, number] | undefined {
  const form = /^(.+)\/(\d{1,3})$/.exec(text);
  const base = readAddress(form?.[1] ?? '');
  const bits = Number(form?.[2]);
  if (base === undefined || bits > (base.kind() === 'ipv4' ? 32 : 128)) return undefined;
  return [base, bits];
}

/** The longest way to write an IPv6 address, with an IPv4 address in it. */
const addressMaxChars = 45;

/** Refuses octal, hexadecimal and shortened forms, because tools disagree on their meaning. */
function readAddress(text: string): Address | undefined {
  if (text.length > addressMaxChars) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  gt: (value, limit) => value > limit,
  ge: (value, limit) => value >= limit,
  lt: (value, limit) => value < limit,
  le: (value, limit) => value <= limit,
};

function comparisonTest(name: string, text: string): Test {
  const limit = readNumber(text);
  const compare = comparisons[name];
  if (limit === undefined || compare === undefined) return never;
  return (value) => {
    const number = readNumber(value);
    return number !== undefined && compare(number, limit);
  };
}

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Characters of a number; a longer value is none. It bounds the time, since a label may have thousands of digits. */
const numberMaxChars = 64;

function readNumber(text: string): number | undefined {
  return text.length <= numberMaxChars && numberForm.test(text.trim()) ? Number(text) : undefined;
}
