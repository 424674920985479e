import type { IntegrationType } from '../integration.ts';
import { azureMonitor } from './azure-monitor.ts';
import { cloudwatch } from './cloudwatch.ts';
import { datadog } from './datadog.ts';
import type { Format } from './format.ts';
import { googleCloud } from './google-cloud.ts';
import { grafana } from './grafana.ts';
import { healthchecks } from './healthchecks.ts';
import { icinga } from './icinga.ts';
import { n9e } from './n9e.ts';
import { nagios } from './nagios.ts';
import { opsgenie } from './opsgenie.ts';
import { pagerduty } from './pagerduty.ts';
import { prometheus } from './prometheus.ts';
import { sentry } from './sentry.ts';
import { standard } from './standard.ts';
import { uptimeKuma } from './uptime-kuma.ts';
import { zabbix } from './zabbix.ts';

/** Every format by the type of its integrations. A new one is a file and a line here. */
export const formats: Readonly<Record<IntegrationType, Format>> = {
  'azure-monitor': azureMonitor,
  cloudwatch,
  datadog,
  'google-cloud': googleCloud,
  grafana,
  healthchecks,
  icinga,
  n9e,
  nagios,
  opsgenie,
  pagerduty,
  prometheus,
  sentry,
  standard,
  'uptime-kuma': uptimeKuma,
  zabbix,
};
