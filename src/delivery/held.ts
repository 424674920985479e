import type { Delivery } from './delivery.ts';

/** Over all webhooks: deliveries that wait in memory, and characters of their payloads. */
const heldMax = 20_000;
const heldCharactersMax = 64_000_000;

/** What all webhooks hold in memory together. */
export class Held {
  count = 0;
  characters = 0;

  hasRoomFor(delivery: Delivery): boolean {
    return this.count < heldMax && this.characters + delivery.payload.length <= heldCharactersMax;
  }

  add(delivery: Delivery): void {
    this.count += 1;
    this.characters += delivery.payload.length;
  }

  remove(delivery: Delivery): void {
    this.count -= 1;
    this.characters -= delivery.payload.length;
  }
}
