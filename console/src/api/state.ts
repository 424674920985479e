import { signal } from './signal.ts';

/** Whether the last call reached the service. */
export const serviceState = signal<'reached' | 'gone'>('reached');

/** `ended` once a call was refused because nobody is signed in any more. */
export const sessionState = signal<'open' | 'ended'>('open');

/** How often what is on the screen is asked for again while no stream tells of changes. */
export const pollMs = 10_000;
