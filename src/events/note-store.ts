import type { Transaction } from '../database/database.ts';
import type { Person } from './event.ts';

/** A timeline entry that is no event and is not pushed (contract 6.6). */
export interface Note {
  readonly noteId: string;
  readonly entityId: string;
  /** Of the event before it: orders the timeline. */
  readonly sequence: number;
  readonly type: 'a_m_silence' | 'a_m_inhibit' | 'a_merge';
  readonly person: Person | undefined;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export async function appendNotes(tx: Transaction, notes: readonly Note[]): Promise<void> {
  await tx.insertMany(
    'note',
    notes.map((note) => ({
      note_id: note.noteId,
      entity_id: note.entityId,
      sequence: note.sequence,
      note_type: note.type,
      person_id: note.person?.person_id ?? 0,
      detail_json: JSON.stringify(note.detail),
      created_at: note.createdAt,
    })),
  );
}
