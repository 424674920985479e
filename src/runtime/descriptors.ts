import { readFileSync } from 'node:fs';

/** The database, its threads, logs and the like have so many files open. */
const ownFiles = 64;
/** Without these nobody could ask how the service is. */
const connectionsMin = 8;

/** Files and connections that this process may have open at once, by `ulimit -n`; Infinity where there is no such limit. */
export function descriptorsMax(): number {
  const files = Number(limitOfLinux() ?? limitOfReport());
  return Number.isNaN(files) ? Infinity : files;
}

/** `undefined` on other systems. */
function limitOfLinux(): string | undefined {
  try {
    return /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** A report has much besides, and takes some milliseconds. */
function limitOfReport(): string | number | undefined {
  // Nobody reads that part, for which all addresses are looked up: it takes ten times as long as the rest.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  return userLimits?.open_files?.soft;
}

/** Of what the process itself leaves, connections of others take half at most; the rest is for deliveries. */
export function connectionsWithin(descriptors: number, wanted: number): number {
  return Math.min(wanted, Math.max(connectionsMin, Math.floor((descriptors - ownFiles) / 2)));
}
