import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { call } from '../api/call.ts';

const askMs = 2000;

/** While the service does not answer it is asked every two seconds; when it does, all that is shown is asked for again. */
export function useReconnecting(gone: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!gone) return undefined;
    const timer = setInterval(() => {
      // A refusal is an answer too: what it means is seen by the page that asks next.
      void call('/session/info', {}).then(
        () => client.invalidateQueries(),
        () => undefined,
      );
    }, askMs);
    return () => clearInterval(timer);
  }, [gone, client]);
}
