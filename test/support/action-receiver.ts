import { createActionCaller } from '../../src/delivery/action-caller.ts';
import { createAddressGuard } from '../../src/delivery/address-guard.ts';
import { createRequestBuilder } from '../../src/delivery/request.ts';
import { createSender } from '../../src/delivery/sender.ts';
import type { Database } from '../../src/database/database.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import type { ActionCaller } from '../../src/webhooks/action-caller.ts';
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
  const sender = createSender({
    clock: systemClock,
    timers: systemTimers,
    at: noCrashPoints,
    resolver: { resolve: () => Promise.reject(new Error('no names here')) },
    guard: createAddressGuard({ allow: [`127.0.0.1:${receiver.port}`] }),
    bind: [],
  });
  return {
    receiver,
    endpoint: `http://127.0.0.1:${receiver.port}/hook`,
    caller: createActionCaller({
      database,
      clock: systemClock,
      ids: systemIds(systemClock, systemRandom),
      build: createRequestBuilder('test'),
      sender,
      logger: silentLogger,
    }),
    [Symbol.asyncDispose]: async () => {
      sender.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
}
