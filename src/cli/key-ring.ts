import { join } from 'node:path';
import { keyFileName, loadKeyFile } from '../access/master-key-file.ts';
import { parseKeyRing, type KeyRing } from '../access/secret-box.ts';
import type { Config } from '../config/settings.ts';
import { Failure } from '../runtime/failure.ts';

/** The keys of the installation of these settings. @throws Failure when there is none. */
export function keyRingOf(config: Config): KeyRing {
  if (config.secretKey !== '') return parseKeyRing(config.secretKey);
  const ring = loadKeyFile(join(config.data, keyFileName));
  if (ring !== undefined) return ring;
  throw new Failure(
    'ServiceUnavailable',
    `there is no installation in ${config.data}: run this where the service runs, with its TOCSIN_DATA or TOCSIN_SECRET_KEY`,
  );
}
