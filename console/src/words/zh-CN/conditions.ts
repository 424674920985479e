import type * as english from '../en/conditions.ts';
import type { WordsOf } from '../words.ts';

export const conditions: WordsOf<typeof english.conditions> = {
  keyOf: '条件 {number, number} 的字段',
  operOf: '条件 {number, number} 的比较方式',
  valuesOf: '条件 {number, number} 的值，每行一个',
  values: '每行一个值；* 表示任意文本',
  in: '属于',
  notIn: '不属于',
  remove: '移除条件 {number, number}',
  add: '添加条件',
  and: '再加一个条件',
  andWord: '且',
  or: '或',
  orGroup: '再加一组条件',
  hint: '字段：severity、status、title、description、labels.名称。值可以使用 *、/正则/、cidr: 和 num:。',
  needed: '至少需要一个条件。',
  everything: '全部',
};
