const headerBytes = 5;

/** The statements of one connection to PostgreSQL, read from what its client sends; those under a name by their texts. */
export class PassingStatements {
  readonly #named = new Map<string, string>();
  #buffered: Buffer = Buffer.alloc(0);
  #started = false;

  /** @returns the statements that end in this piece, in their order. One that is prepared and then used comes twice. */
  read(chunk: Buffer): string[] {
    // The first message of a connection has another form.
    if (!this.#started) {
      this.#started = true;
      return [];
    }
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    const found: string[] = [];
    for (let text = this.#next(); text !== undefined; text = this.#next()) if (text !== '') found.push(text);
    return found;
  }

  /** The statement of the next message, '' when it has none. */
  #next(): string | undefined {
    if (this.#buffered.length < headerBytes) return undefined;
    const end = this.#buffered.readInt32BE(1) + 1;
    if (this.#buffered.length < end) return undefined;
    const type = String.fromCharCode(this.#buffered[0] ?? 0);
    const [first = '', second = ''] = this.#buffered.toString('utf8', headerBytes, end).split('\0', 2);
    this.#buffered = this.#buffered.subarray(end);
    if (type === 'Q') return first;
    if (type === 'P') {
      this.#named.set(first, second);
      return second;
    }
    // Of a portal, by the name of its statement. One without a name has just passed.
    return type === 'B' && second !== '' ? (this.#named.get(second) ?? '') : '';
  }
}
