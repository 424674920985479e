/** Fields of a form: a stored value that somebody else has changed comes into them, a typed one stays. */
import { useState } from 'react';

/** One field. */
export function useStored<Value>(stored: Value): [Value, (value: Value) => void] {
  const [field, setField] = useState({ stored, value: stored });
  if (!isAlike(field.stored, stored)) {
    setField({ stored, value: rebased(field.stored, field.value, stored) });
  }
  return [field.value, (value) => setField({ stored, value })];
}

/** A typed value stays; one that nobody has touched becomes the stored one. */
export function rebased<Value>(before: Value, typed: Value, now: Value): Value {
  return isAlike(before, typed) ? now : typed;
}

/** The same for each field of an object. */
export function rebasedFields<Fields extends object>(before: Fields, typed: Fields, now: Fields): Fields {
  const names = Object.keys(now) as (keyof Fields)[];
  const fields = names.map((name) => [name, rebased(before[name], typed[name], now[name])] as const);
  return Object.fromEntries(fields) as Fields;
}

export function isAlike(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || JSON.stringify(one) === JSON.stringify(other);
}
