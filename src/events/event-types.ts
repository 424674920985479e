/** The receiver owns the wire contract, so the lists of event types are there; this is their name inside the service. */
export { alertEventTypes, incidentEventTypes } from '#receiver';
export type { AlertEventType, EventType, IncidentEventType } from '#receiver';
