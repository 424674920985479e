/** Sends an event the way a source does. `path` is on this service and carries the key. */
export async function pushEvent(path: string, body: object): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { ok: answer.ok, text: `${answer.status} ${await answer.text()}` };
  } catch {
    return { ok: false, text: '' };
  }
}
