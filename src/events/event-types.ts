/** The receiver library owns the wire types and so the lists of event types. */
export { alertEventTypes, incidentEventTypes } from '#receiver';
export type { AlertEventType, EventType, IncidentEventType } from '#receiver';
