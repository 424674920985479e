import { availableParallelism } from 'node:os';
import { systemClock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import type { FirstStartSettings } from '../access/first-start.ts';
import { egressThreadsMax, settings, type Config } from './settings.ts';
import type { DeliverySettings } from '../delivery/engine.ts';
import type { ServerLimits } from '../http/server/server-options.ts';
import { version } from '../version.ts';

/* The settings as each room takes them. */

export function deliverySettings(config: Config): DeliverySettings {
  return {
    allow: config.egressAllow,
    bind: config.egressBind,
    proxy: config.egressProxy,
    egressThreads: egressThreadsOf(config.egressThreads, availableParallelism()),
    historyDays: config.historyDays,
    leaseMs: config.leaseSeconds * 1000,
  };
}

/** The main thread keeps a core. With two, a thread costs more than it gives: see docs/decisions/0026. */
export function egressThreadsOf(setting: Config['egressThreads'], cores: number): number {
  if (setting !== 'auto') return setting;
  return cores < 3 ? 0 : Math.min(cores - 1, egressThreadsMax);
}

export function firstStart(config: Config): FirstStartSettings {
  const { accountId, adminEmail: administratorEmail, adminPassword: administratorPassword, appKey } = config;
  const examples = [settings.adminPassword.example, settings.appKey.example];
  return { accountId, administratorName: '', administratorEmail, administratorPassword, appKey, examples };
}

export function serverSettings(config: Config) {
  return {
    listen: config.listen,
    hosts: ownHosts(config),
    publicUrl: config.publicUrl,
    limits: limitsOf(config),
    version,
    clock: systemClock,
    timers: systemTimers,
  };
}

/** Where people and senders find the service. */
export function publicUrlOf(config: Config): string {
  if (config.publicUrl !== '') return config.publicUrl.replace(/\/$/, '');
  return `http://${hostOf(config.listen.host)}:${config.listen.port}`;
}

/** The host of a URL; one that listens on all addresses is reached on this one. */
export function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** The hosts of this service; a webhook to one of them would push to itself. */
export function ownHosts(config: Config): string[] {
  const own = config.publicUrl === '' ? [] : [new URL(config.publicUrl).hostname];
  return [...own, ...config.trustedHosts];
}

export function egressInfo(config: Config) {
  const listed = config.egressAllow.length > 0;
  return {
    source_addresses: [...config.egressPublished],
    user_agent: `Tocsin/${version}`,
    guard: {
      private_addresses: listed ? ('allowed_where_listed' as const) : ('refused' as const),
      allowed: [...config.egressAllow],
    },
  };
}

function limitsOf(config: Config): ServerLimits {
  return {
    bodyMaxBytes: config.bodyBytes,
    ingestBodyMaxBytes: config.ingestBodyBytes,
    headersMaxBytes: config.headerBytes,
    headerTimeoutMs: config.headerSeconds * 1000,
    requestTimeoutMs: config.requestSeconds * 1000,
    connectionsMax: config.connections,
    drainMs: config.drainSeconds * 1000,
    holdMs: config.holdSeconds * 1000,
    apiPerSecond: config.apiRate,
    strangersPerSecond: config.strangerRate,
    ingestPerSecond: config.ingestRate,
  };
}
