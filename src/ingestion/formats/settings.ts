import type { FieldMapping, ValueMapping } from './field-mapping.ts';
import type { SeverityMapping } from './severity.ts';

/** Settings of an integration for reading its bodies. */
export interface FormatSettings {
  /** Severities of the source's words, in lower case; used before the common table. */
  readonly severityMapping: SeverityMapping;
  /** The title rule of every alert (contract 4.9); '' = the format's title. */
  readonly titleRule: string;
  /** The URL of the source's console, for links where bodies hold none; '' = no links. */
  readonly consoleUrl: string;
  /** How any JSON becomes a body of the standard format; empty = bodies are of that format. */
  readonly fieldMapping: FieldMapping;
  readonly valueMapping: ValueMapping;
}

export const defaultSettings: FormatSettings = {
  severityMapping: {},
  titleRule: '',
  consoleUrl: '',
  fieldMapping: {},
  valueMapping: {},
};
