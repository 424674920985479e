import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksOf } from './links.ts';

test('only addresses of the web and of mail become links, and no character is lost', () => {
  const texts = [
    'See https://example.org/a?b=c#d. Or (http://x.test/y), mailto:a@example.org!',
    'javascript:alert(1) data:text/html,x //evil.test vbscript:x JAVASCRIPT:alert(1) \u0001javascript:x',
    'file:///etc/passwd ftp://x blob:https://x',
    '<a href="https://example.org">',
    '',
  ];
  for (const text of texts) {
    const pieces = linksOf(text);
    assert.equal(pieces.map((piece) => piece.text).join(''), text);
    for (const { href } of pieces) assert.match(href ?? 'http:', /^(?:https?|mailto):/);
  }
  assert.deepEqual(
    linksOf(texts[0] ?? '').flatMap(({ href }) => href ?? []),
    ['https://example.org/a?b=c#d', 'http://x.test/y', 'mailto:a@example.org'],
  );
  assert.deepEqual(
    linksOf(texts[1] ?? '').filter(({ href }) => href !== undefined),
    [],
  );
});
