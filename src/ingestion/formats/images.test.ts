import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepImages } from './images.ts';

describe('images', () => {
  const src = 'https://img.example.test/a.png';
  const rows: readonly [name: string, list: readonly unknown[], kept: readonly unknown[]][] = [
    ['a URL', [{ src }], [{ src }]],
    ['an uploaded one', [{ src: 'img_4x' }], [{ src: 'img_4x' }]],
    ['a source of 256 characters', [{ src: src.padEnd(256, 'x') }], [{ src: src.padEnd(256, 'x') }]],
    ['a source of 257 characters is discarded', [{ src: src.padEnd(257, 'x') }], []],
    ['another scheme is discarded', [{ src: 'javascript:alert(1)' }, { src: 'data:image/png;base64,AA' }], []],
    [
      'one is kept per alt, without alt included',
      [{ src }, { src: 'img_1', alt: '' }, { src: 'img_2', alt: 'a' }],
      [{ src }, { src: 'img_2', alt: 'a' }],
    ],
    ['alt is cut', [{ src, alt: 'a'.repeat(200) }], [{ src, alt: 'a'.repeat(128) }]],
    ['href is cut', [{ src, href: src.padEnd(300, 'x') }], [{ src, href: src.padEnd(256, 'x') }]],
    ['a link that runs a script is left out', [{ src, href: 'javascript:alert(1)' }], [{ src }]],
    ['what is no image', [null, 'x', {}, { src: 1 }], []],
  ];
  for (const [name, list, kept] of rows) test(name, () => assert.deepEqual(keepImages(list).images, kept));

  test('at most 20 are kept', () => {
    assert.equal(keepImages(Array.from({ length: 30 }, (_, index) => ({ src, alt: `a${index}` }))).images.length, 20);
  });
});

test('an image that is left out is named, with the reason', () => {
  const src = 'https://img.example.test/a.png';
  const list = [{ alt: 'graph' }, { src }, { src: 'ftp://x/y' }, { src }, 'x', { src: src.padEnd(300, 'x') }];
  const { skipped } = keepImages(list, 'alerts[2].images');
  assert.deepEqual(
    skipped.map((fault) => fault.field),
    [0, 2, 3, 4, 5].map((index) => `alerts[2].images[${index}]`),
  );
  for (const { message } of skipped) assert.ok(message.length > 10);
});

test('the images beyond the limit are named once', () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ src: 'img_1', alt: `a${index}` }));
  assert.deepEqual(
    keepImages(many).skipped.map((fault) => fault.field),
    ['images[20]'],
  );
});
