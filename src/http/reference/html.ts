/** Markup that is safe; text beside it is escaped. */
export interface Html {
  readonly html: string;
}

const voids: ReadonlySet<string> = new Set(['meta', 'br']);

export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  children: readonly (string | Html)[] = [],
): Html {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const open = `<${name}${written.join('')}>`;
  if (voids.has(name)) return { html: open };
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : child.html));
  return { html: `${open}${inside.join('')}</${name}>` };
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}
