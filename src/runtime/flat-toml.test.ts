import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFlatToml } from './flat-toml.ts';

describe('flat TOML', () => {
  const good: [line: string, value: string][] = [
    ['key = "text"', 'text'],
    ["key = 'C:\\data'", 'C:\\data'],
    ['key = "a \\"quoted\\" \\\\ word"  # comment', 'a "quoted" \\ word'],
    ['key = "has # inside"', 'has # inside'],
    ['key=42', '42'],
    ['  key = true', 'true'],
    ['key = []', ''],
    ['key = ["a", \'b\', "c d"] # list', 'a,b,c d'],
    ['key = ["a",]', 'a'],
    ['key = ""', ''],
  ];
  for (const [line, value] of good) {
    test(`${line} reads as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(readFlatToml(`# head\n\n${line}\n`), { entries: [{ key: 'key', value, line: 3 }], faults: [] });
    });
  }

  const bad: string[] = [
    '[table]',
    'a.b = 1',
    'key',
    'key = text',
    'key = 1.5',
    'key = "open',
    'key = """long"""',
    'key = [1, 2]',
    'key = ["a" "b"]',
    'key = "a" "b"',
    'key = {a = 1}',
    'key = 2026-01-01',
    'key = "bad \\x escape"',
  ];
  for (const line of bad) {
    test(`${line} is refused by its line`, () => {
      const { entries, faults } = readFlatToml(`fine = 1\r\n${line}`);
      assert.deepEqual(
        entries.map(({ key }) => key),
        ['fine'],
      );
      assert.match(faults.join(), /^line 2: /);
    });
  }

  test('a key that is set twice is refused', () => {
    assert.deepEqual(readFlatToml('a = 1\na = 2').faults, ['line 2: a is set twice']);
  });
});
