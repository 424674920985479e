import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { severityOf, severityWord } from './severity.ts';

describe('words', () => {
  const rows: readonly [severity: string, words: string][] = [
    [
      'Critical',
      'critical crit emergency emerg fatal panic page disaster high severe urgent alert blocker p0 p1 sev0 sev1 s1 error err major 致命 严重 紧急 灾难',
    ],
    ['Warning', 'warning warn average medium moderate minor p2 p3 sev2 sev3 警告 一般'],
    ['Info', 'info information informational notice low debug none ok p4 p5 sev4 sev5 提示 通知 信息'],
    ['Info', 'acknowledged unknown unk'],
    ['Info', '4 5 17 p6 sev7 s4 level-4 priority_5'],
    ['Critical', 'CRITICAL Crit P0 Sev1 SEV-1 P-1 Emergency'],
    ['Warning', '0 1 2 3 s2 s3 banana constructor toString __proto__ error500 http-500 p1x 4xx'],
  ];
  for (const [severity, words] of rows) {
    for (const word of words.split(' ')) test(`${word} is ${severity}`, () => assert.equal(severityOf(word), severity));
  }

  test('blanks around and inside do not matter', () => {
    assert.equal(severityOf(' P 1 '), 'Critical');
    assert.equal(severityOf('sev 4'), 'Info');
    assert.equal(severityOf(''), 'Warning');
  });

  test('a word of a megabyte is not looked through', () => {
    assert.equal(severityOf(`critical${' '.repeat(1_000_000)}`), 'Critical');
    assert.equal(severityOf('c'.repeat(1_000_000)), 'Warning');
  });

  test('an integration overrules the table word by word, ignoring case', () => {
    const mapping = { page: 'Warning', 紧急: 'Info', green: 'Ok' } as const;
    assert.equal(severityOf('Page', mapping), 'Warning');
    assert.equal(severityOf('紧急', mapping), 'Info');
    assert.equal(severityOf('green', mapping), 'Ok');
    assert.equal(severityOf('critical', mapping), 'Critical');
    assert.equal(severityOf('constructor', mapping), 'Warning');
  });
});

describe('where the word stands', () => {
  const rows: readonly [labels: object, annotations: object, word: string][] = [
    [{ severity: 'a', priority: 'b', level: 'c' }, {}, 'a'],
    [{ level: 'c', priority: 'b' }, {}, 'b'],
    [{ level: 'c' }, {}, 'c'],
    [{ Severity: 'a' }, {}, 'a'],
    [{ SEVERITY: 'a', Level: 'c' }, {}, 'a'],
    [{ severity: '', PRIORITY: 'b' }, {}, 'b'],
    [{ priority: 1 }, {}, '1'],
    [{ severity: null, level: {} }, {}, ''],
    [{ severities: 'a', xlevel: 'b' }, {}, ''],
    [{}, { severity: 'a' }, 'a'],
    [{}, { Priority: 'b' }, 'b'],
    [{ level: 'c' }, { severity: 'a' }, 'c'],
    [{}, {}, ''],
  ];
  for (const [labels, annotations, word] of rows) {
    test(JSON.stringify([labels, annotations]), () => {
      assert.equal(severityWord({ ...labels }, { ...annotations }), word);
    });
  }
});
