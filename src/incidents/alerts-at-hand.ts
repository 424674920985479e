import { openKey, sourceKey, type Alert } from '../alerts/alert.ts';

/** Finds the alerts of one change by the keys and titles of reports. */
export class AlertsAtHand {
  readonly #open = new Map<string, string>();
  readonly #openBySource = new Map<string, Set<string>>();
  readonly #titles = new Map<string, string>();
  /** Alerts that closed in the change, and those that were only read. */
  readonly #lastClosed = new Map<string, Alert>();

  /** Adds or updates an alert. */
  note(alert: Alert): void {
    if (alert.progress === 'Triggered') this.#noteOpen(alert);
    else this.#noteClosed(alert);
  }

  /** Adds a closed alert that the change does not touch; one that closed in the change is newer. */
  noteLastClosed(alert: Alert): void {
    if (!this.#lastClosed.has(openKey(alert))) this.#lastClosed.set(openKey(alert), alert);
  }

  noteNamesake(alert: Alert): void {
    const key = titleKey(alert);
    if (!this.#titles.has(key)) this.#titles.set(key, alert.alertId);
  }

  open(key: string): string | undefined {
    return this.#open.get(key);
  }

  /** In all channels. */
  openOfSource(key: string): readonly string[] {
    return [...(this.#openBySource.get(key) ?? [])];
  }

  lastClosed(key: string): Alert | undefined {
    return this.#lastClosed.get(key);
  }

  /** An open alert of the same integration and channel with this title. */
  namesake(of: Titled): string | undefined {
    return this.#titles.get(titleKey(of));
  }

  #noteOpen(alert: Alert): void {
    this.noteNamesake(alert);
    const key = openKey(alert);
    // As after each event of an alert: its keys stay.
    if (this.#open.get(key) === alert.alertId) return;
    this.#open.set(key, alert.alertId);
    const source = sourceKey(alert);
    const ids = this.#openBySource.get(source) ?? new Set<string>();
    this.#openBySource.set(source, ids.add(alert.alertId));
  }

  #noteClosed(alert: Alert): void {
    const key = openKey(alert);
    this.#lastClosed.set(key, alert);
    if (this.#open.get(key) === alert.alertId) this.#open.delete(key);
    this.#openBySource.get(sourceKey(alert))?.delete(alert.alertId);
    if (this.#titles.get(titleKey(alert)) === alert.alertId) this.#titles.delete(titleKey(alert));
  }
}

type Titled = Pick<Alert, 'integrationId' | 'channelId' | 'title'>;

function titleKey({ integrationId, channelId, title }: Titled): string {
  return `${integrationId}:${channelId}:${title}`;
}
