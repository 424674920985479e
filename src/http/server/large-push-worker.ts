import { parentPort, type MessagePort } from 'node:worker_threads';
import type { AlertReport } from '../../alerts/alert.ts';
import { formats } from '../../ingestion/formats/index.ts';
import { pieceMax } from '../../ingestion/push-result.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemIds } from '../../runtime/ids.ts';
import { systemRandom } from '../../runtime/random.ts';
import { goBehind } from '../../runtime/thread-priority.ts';
import { largeIngestionLimits, parseJson } from '../json/json-limits.ts';
import type { FromWorker, LargeBody, ToWorker } from './large-push-parser.ts';

/*
 * Reads one large body after the other, beside the event loop: its text as JSON, and the JSON by its format. The reports
 * are handed over in pieces, each when it is asked for, because taking them in one go would hold the event loop.
 */

const ids = systemIds(systemClock, systemRandom);

let reports: readonly AlertReport[] = [];

// Small pushes are read on the event loop, and go first where processors are few.
goBehind();
if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  port.on('message', (message: ToWorker) => port.postMessage(answer(message)));
}

function answer(message: ToWorker): FromWorker {
  if ('body' in message) return read(message.body);
  const piece = reports.slice(0, pieceMax);
  reports = reports.slice(pieceMax);
  return { piece };
}

function read({ parts, type, context }: LargeBody): FromWorker {
  reports = [];
  const json = parseJson(Buffer.concat(parts), largeIngestionLimits);
  if (!json.ok) return { unreadable: `${json.code}: ${json.message}` };
  const parsed = formats[type as keyof typeof formats].parse(json.value, { ...context, shortId: ids.short });
  if (!parsed.ok) return { head: parsed };
  const { reports: found, ...head } = parsed;
  reports = found;
  return { head };
}
