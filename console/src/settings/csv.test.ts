import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf } from './csv.ts';

test('cells that a spreadsheet would run begin with an apostrophe', () => {
  const hostile = ['=cmd()', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'];
  assert.equal(csvOf([hostile]), `'=cmd(),'+1,'-1,'@SUM(A1),'\t=1,"'\r=1"\r\n`);
});

test('so do wide signs, and what a spreadsheet that splits at semicolons or tabs would take for a cell', () => {
  assert.equal(
    csvOf([[';=x', '＝cmd()', '＋1', 'a;=cmd()', 'a\t@x', 'a; b', '1;2']]),
    `;'=x,'＝cmd(),'＋1,a;'=cmd(),a\t'@x,a; b,1;2\r\n`,
  );
});

test('commas, quotes and line breaks stay in their cell', () => {
  assert.equal(
    csvOf([['a,b', 'say "hi"', 'one\ntwo', 'plain'], ['x']]),
    '"a,b","say ""hi""","one\ntwo",plain\r\nx\r\n',
  );
});
