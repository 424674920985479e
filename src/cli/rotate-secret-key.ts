import { join } from 'node:path';
import { Audit } from '../access/audit.ts';
import { keyFileName, replaceKeyFile } from '../access/master-key-file.ts';
import { lastHeartbeat, requireCurrentKey, sealAnew } from '../access/sealed-values-store.ts';
import {
  createSecretBox,
  requireSameKey,
  sealingKeyBytes,
  type KeyRing,
  type SecretBox,
} from '../access/secret-box.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../database/database.ts';
import { readInstallation } from '../database/installation-store.ts';
import { systemClock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import { crashPoints, noCrashPoints } from '../runtime/crash-points.ts';
import { systemIds } from '../runtime/ids.ts';
import { systemRandom } from '../runtime/random.ts';
import { openInstalled } from './installation.ts';
import { keyRingOf } from './key-ring.ts';

/** A node that has been silent for so long does not run. */
const silentMs = 60_000;

/**
 * Seals all secrets with another key. Meanwhile both keys open them, so it may be stopped at any moment and run again.
 * - With the key in the data folder: the new key is made, put first in the file, and alone at the end.
 * - With `TOCSIN_SECRET_KEY`, the operator puts the new key first and the former one behind it.
 * @param crashPlan the crash points of a test; '' = none.
 * @throws Failure when it cannot begin.
 */
export async function rotateSecretKey(config: Config, say: (line: string) => void, crashPlan: string): Promise<void> {
  const at = crashPlan === '' ? noCrashPoints : crashPoints(crashPlan);
  const known = keyRingOf(config);
  const database = await openInstalled(config);
  try {
    const installation = await readInstallation(database.read);
    requireSameKey(createSecretBox(known, systemRandom), installation?.key_check ?? '');
    const path = join(config.data, keyFileName);
    const isFile = config.secretKey === '';
    const ring = isFile ? await ringInFile(database, path, known) : ringInSetting(known);
    at('rotate.before');
    const box = createSecretBox(ring, systemRandom);
    const changed = await sealAnew(database, box, () => at('rotate.page'));
    await finish(database, box);
    at('rotate.sealed');
    if (isFile) replaceKeyFile(path, ring.slice(0, 1), systemRandom);
    say(`${changed} rows are sealed with the new key.`);
    say(isFile ? `${path} holds it alone: back it up.` : 'The former key can go from TOCSIN_SECRET_KEY.');
  } finally {
    await database.close();
  }
}

/** A file with two keys is from a rotation that was stopped: that one goes on. */
async function ringInFile(database: Database, path: string, known: KeyRing): Promise<KeyRing> {
  if (known.length > 1) return known;
  if (systemClock.now() - (await lastHeartbeat(database)) < silentMs) {
    throw new Failure(
      'ServiceUnavailable',
      'a node runs, and would not know the new key: stop all nodes and try again a minute later, or set TOCSIN_SECRET_KEY to both keys on each node first, the new one in front',
    );
  }
  const ring = [systemRandom.bytes(sealingKeyBytes), ...known];
  replaceKeyFile(path, ring, systemRandom);
  return ring;
}

function ringInSetting(known: KeyRing): KeyRing {
  if (known.length > 1) return known;
  throw new Failure(
    'InvalidParameter',
    'TOCSIN_SECRET_KEY has one key: put the new one in front of it, with a comma between them, and run this again',
  );
}

/** The last change: it has a line in the audit log, of nobody's. */
async function finish(database: Database, box: SecretBox): Promise<void> {
  const audit = new Audit({ database, clock: systemClock, ids: systemIds(systemClock, systemRandom) });
  const action = { operation: 'secret-key:rotate', memberId: 0, input: {}, requestId: '', address: '' };
  await audit.during(action, () => audit.database.transaction((tx) => requireCurrentKey(tx, box)));
}
