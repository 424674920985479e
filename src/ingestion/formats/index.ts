import type { IntegrationType } from '../integration.ts';
import type { Format } from './format.ts';
import { grafana } from './grafana.ts';
import { n9e } from './n9e.ts';
import { pagerduty } from './pagerduty.ts';
import { prometheus } from './prometheus.ts';
import { standard } from './standard.ts';

/** Every format by the type of its integrations. A new one is a file and a line here. */
export const formats: Readonly<Record<IntegrationType, Format>> = { standard, prometheus, grafana, n9e, pagerduty };
