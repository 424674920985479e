import { CompiledQuery, type Compilable } from 'kysely';
import type { Query } from './database.ts';

/**
 * A statement that runs for each change, with one parameter and always the same text: it is built at its first use, because
 * building takes ten times as long as looking it up.
 */
export class BuiltOnce<Parameter, Row> {
  readonly #build: (query: Query, parameter: Parameter) => Compilable<Row>;
  #text: string | undefined;

  constructor(build: (query: Query, parameter: Parameter) => Compilable<Row>) {
    this.#build = build;
  }

  /** @param bound the parameter as the statement has it. */
  async rows(query: Query, parameter: Parameter, bound: unknown): Promise<Row[]> {
    if (this.#text === undefined) {
      const { sql, parameters } = this.#build(query, parameter).compile();
      if (parameters.length !== 1) throw new Error(`${parameters.length} parameters in place of one, in: ${sql}`);
      this.#text = sql;
    }
    return (await query.executeQuery<Row>(CompiledQuery.raw(this.#text, [bound]))).rows;
  }
}
