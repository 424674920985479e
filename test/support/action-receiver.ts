import type { Database } from '../../src/database/database.ts';
import type { ActionCaller } from '../../src/webhooks/ports.ts';
import { TestWebhooks } from './deliveries.ts';
import { createTestEngine, forOneNode } from './delivery-engine.ts';
import { answer, ScriptedReceiver, type Script } from './scripted-receiver.ts';

/** A receiver of custom actions, and the real caller that may reach nothing else. */
export interface ActionReceiver extends AsyncDisposable {
  readonly receiver: ScriptedReceiver;
  readonly endpoint: string;
  readonly caller: ActionCaller;
}

export async function startActionReceiver(
  database: Database,
  script: Script = (socket) => socket.write(answer(200, 'done')),
): Promise<ActionReceiver> {
  const receiver = await new ScriptedReceiver(script).listen();
  const webhooks = new TestWebhooks([]);
  const engine = createTestEngine(
    { database: forOneNode(database), webhooks },
    { allow: [`127.0.0.1:${receiver.port}`] },
  );
  return {
    receiver,
    endpoint: `http://127.0.0.1:${receiver.port}/hook`,
    caller: engine.actions,
    [Symbol.asyncDispose]: async () => {
      await engine.stop();
      await receiver[Symbol.asyncDispose]();
    },
  };
}
