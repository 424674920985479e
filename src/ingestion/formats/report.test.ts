import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { now, plain } from './fixtures/fixture.ts';
import {
  alertKeyMax,
  fitAlertKey,
  fitTitle,
  instantOf,
  isLabelName,
  keepImages,
  keepLabels,
  keyOfLabels,
  labelName,
  report,
  truncate,
} from './report.ts';

describe('text is cut by code points', () => {
  const rows: readonly [text: string, limit: number, cut: string][] = [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['', 0, ''],
    ['😀😀', 1, '😀'],
    ['a😀b', 2, 'a😀'],
    ['😀😀😀', 3, '😀😀😀'],
  ];
  for (const [text, limit, cut] of rows) {
    test(`${JSON.stringify(text)} to ${limit}`, () => assert.equal(truncate(text, limit), cut));
  }

  test('never inside a surrogate pair, and never more than asked', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, limit) => {
      const cut = truncate(text, limit);
      assert.ok(cut.isWellFormed() && text.startsWith(cut));
      assert.equal(Array.from(cut).length, Math.min(limit, Array.from(text).length));
    });
    fc.assert(property);
  });
});

describe('a title is one line', () => {
  const rows: readonly [text: string, title: string][] = [
    ['disk\nof\r\ndb-3', 'disk of db-3'],
    ['  disk\t', 'disk'],
    ['a\u0007b\u001b[31m', 'ab[31m'],
    ['a\u0085b\u2028c', 'ab c'],
    ['a\u202eb', 'a\u202eb'],
    ['名  前', '名  前'],
    ['😀'.repeat(600), '😀'.repeat(512)],
    ['\n\n', ''],
  ];
  for (const [text, title] of rows) {
    test(JSON.stringify(text.slice(0, 20)), () => assert.equal(fitTitle(text), title));
  }

  test('a title with nothing to show becomes the key', () => {
    const draft = { title: '\n', alertKey: 'disk:1', description: 'x'.repeat(3000), status: 'Info' } as const;
    const made = report({ ...draft, labels: {}, images: [], eventTime: now });
    assert.equal(made.title, 'disk:1');
    assert.equal(made.titleRule, '');
    assert.equal(made.description.length, 2048);
    const mute = report({ ...draft, alertKey: '\u0007', labels: {}, images: [], eventTime: now });
    assert.equal(mute.title, 'Untitled alert');
  });
});

describe('labels', () => {
  test('values become text and nulls go', () => {
    const labels = keepLabels({
      text: 'a',
      number: 1.5,
      yes: true,
      none: null,
      list: [1, 'x'],
      object: { a: null },
      empty: '',
    });
    const want = { text: 'a', number: '1.5', yes: 'true', list: '[1,"x"]', object: '{"a":null}', empty: '' };
    assert.deepEqual(plain(labels), want);
  });

  test('a value is cut at 2048 characters', () => {
    assert.equal(keepLabels({ a: '😀'.repeat(3000) })['a'], '😀'.repeat(2048));
  });

  test('beyond 50 the last names go', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`l${String(99 - index)}`, index]));
    const kept = Object.keys(keepLabels(many));
    assert.deepEqual(kept, Object.keys(many).sort().slice(0, 50));
  });

  test('the first source wins a name, and a place', () => {
    const tags = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`tag_${index}`, 't']));
    const labels = keepLabels(tags, { tag_0: 'late', b: '1', a: '2' });
    assert.equal(labels['tag_0'], 't');
    assert.equal(labels['a'], '2');
    assert.equal(Object.keys(labels).length, 50);
    assert.equal(Object.hasOwn(labels, 'b'), false);
  });

  test('prototype names are names like others', () => {
    const labels = keepLabels(JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}'));
    assert.equal(JSON.stringify(labels), '{"__proto__":"a","constructor":"b","toString":"c"}');
    assert.deepEqual(Object.keys(labels), ['__proto__', 'constructor', 'toString']);
    assert.equal(Object.getPrototypeOf(labels), Object.prototype);
  });

  const names: readonly [name: string, isName: boolean][] = [
    ['alertname', true],
    ['_hidden', true],
    ['CamelCase9', true],
    ['service.name', true],
    ['app.kubernetes.io/name', true],
    ['env-prod', true],
    ['环境', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['', false],
    ['9lives', false],
    ['with space', false],
    ['semi;colon', false],
    ['new\nline', false],
    ['.dot', false],
  ];
  for (const [name, isName] of names) {
    test(`${JSON.stringify(name.slice(0, 20))} is ${isName ? 'a' : 'no'} label name`, () => {
      assert.equal(isLabelName(name), isName);
      assert.equal(Object.hasOwn(keepLabels({ [name]: 'x' }), name), isName);
    });
  }

  const captions: readonly [caption: string, name: string][] = [
    ['p99 (ms)', 'p99_ms_'],
    ['Error Code', 'Error_Code'],
    ['1st', '_1st'],
    ['host', 'host'],
    ['', ''],
  ];
  for (const [caption, name] of captions) {
    test(`the caption ${JSON.stringify(caption)} names the label ${JSON.stringify(name)}`, () => {
      assert.equal(labelName(caption), name);
    });
  }
});

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
  for (const [name, list, kept] of rows) test(name, () => assert.deepEqual(keepImages(list), kept));

  test('at most 20 are kept', () => {
    assert.equal(keepImages(Array.from({ length: 30 }, (_, index) => ({ src, alt: `a${index}` }))).length, 20);
  });
});

describe('keys and times', () => {
  test('two spellings of the same characters are one key', () => {
    assert.equal(fitAlertKey('e\u0301'), '\u00e9');
    assert.notEqual(fitAlertKey('Disk'), fitAlertKey('disk'));
  });

  test('a long key of a sender that cannot choose it becomes its digest', () => {
    assert.equal(fitAlertKey('k'.repeat(alertKeyMax)), 'k'.repeat(alertKeyMax));
    assert.match(fitAlertKey('k'.repeat(alertKeyMax + 1)), /^[\da-f]{32}$/);
  });

  test('the same labels in another order give the same key', () => {
    assert.equal(keyOfLabels({ a: '1', b: '2' }), keyOfLabels({ b: '2', a: '1' }));
    assert.notEqual(keyOfLabels({ a: '1', b: '2' }), keyOfLabels({ a: '2', b: '1' }));
  });

  const seconds = now / 1000;
  const times: readonly [value: number, instant: number | undefined][] = [
    [seconds, now],
    [seconds - 86_400, now - 86_400_000],
    [now, undefined],
    [-seconds, undefined],
    [1_831_104_000_000, undefined],
    [seconds + 11 * 365 * 86_400, undefined],
    [Number.NaN, undefined],
  ];
  for (const [value, instant] of times) test(`${value} seconds`, () => assert.equal(instantOf(value, now), instant));
});
