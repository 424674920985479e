/** Finds addresses in a text. Only `http`, `https` and `mailto` become links; all else stays text. Pure. */

export interface Piece {
  readonly text: string;
  readonly href?: string;
}

const address = /\b(?:https?:\/\/|mailto:)[^\s<>"'`{}|\\^]+/gi;
/** Ends of sentences are not ends of addresses. */
const trailing = /[.,;:!?)\]]+$/;

export function linksOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    const found = match[0].replace(trailing, '');
    if (!URL.canParse(found)) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: found, href: found });
    end = match.index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}
