import { useState } from 'react';
import type { CallError } from '../api/call.ts';
import type { TestReport } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { testRequest, type Draft, type TestChoice, type TestObject } from './draft.ts';

export interface TestPush extends TestChoice {
  readonly setEventType: (type: string) => void;
  readonly setObject: (object: TestObject | undefined) => void;
  readonly report: TestReport | undefined;
  readonly pending: boolean;
  readonly error: CallError | null;
  send(draft: Draft, stored?: { id: number; draft: Draft }): void;
}

/** Sends a sample, or a real object, with the editor's settings, saved or not. */
export function useTestPush(): TestPush {
  const [eventType, setEventType] = useState('');
  const [object, setObject] = useState<TestObject>();
  const test = useWrite('/webhook/test');
  return {
    eventType,
    setEventType,
    object,
    setObject,
    report: test.data,
    pending: test.isPending,
    error: test.error,
    send: (draft, stored) => test.mutate(testRequest(draft, { eventType, object }, stored)),
  };
}
