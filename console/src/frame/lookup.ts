/** What a text in the palette may be. Pure; where it leads is tried when it is chosen. */

export type Lookup =
  | { readonly kind: 'incidentNumber'; readonly text: string }
  | { readonly kind: 'object'; readonly text: string };

/** `#61D791` and six characters are an incident's number; 24 hex digits the id of an incident or an alert. */
export function lookupOf(text: string): Lookup | undefined {
  const wanted = text.trim();
  if (/^[0-9a-f]{24}$/i.test(wanted)) return { kind: 'object', text: wanted.toLowerCase() };
  const number = /^#?([0-9A-Z]{6})$/i.exec(wanted)?.[1];
  return number === undefined ? undefined : { kind: 'incidentNumber', text: number.toUpperCase() };
}
