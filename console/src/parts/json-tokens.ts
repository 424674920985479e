/** Cuts JSON text into pieces to be coloured. Other text stays one plain piece: nothing is dropped or changed. */

export interface Token {
  readonly kind: 'plain' | 'key' | 'text' | 'number' | 'word';
  readonly text: string;
}

const piece = /("(?:[^"\\\n]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

export function tokensOf(json: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  const plain = (until: number): void => {
    if (until > end) tokens.push({ kind: 'plain', text: json.slice(end, until) });
  };
  for (const match of json.matchAll(piece)) {
    const [whole, string, colon, number] = match;
    plain(match.index);
    if (string !== undefined) {
      tokens.push({ kind: colon === undefined ? 'text' : 'key', text: string });
      if (colon !== undefined) tokens.push({ kind: 'plain', text: colon });
    } else tokens.push({ kind: number === undefined ? 'word' : 'number', text: whole });
    end = match.index + whole.length;
  }
  plain(json.length);
  return tokens;
}

/** Indented, if it is JSON; undefined if it is not. Numbers keep every digit, so the text is indented, not parsed anew. */
export function prettyJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return indent(text);
}

function indent(json: string): string {
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token.length > 1 && /^(?:\{\s*\}|\[\s*\])$/.test(token)) out += token.replaceAll(/\s/g, '');
    else if (token === '{' || token === '[') {
      depth += 1;
      out += token + line();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      out += line() + token;
    } else if (token === ',') out += token + line();
    else if (token === ':') out += ': ';
    else out += token;
  }
  return out;
}
