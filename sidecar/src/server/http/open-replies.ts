import type { FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyReply {
    /** Its place among those that are open. */
    place: Place | undefined;
  }
}

/** A reply that is open, between the one before and the one after it. */
interface Place {
  readonly reply: FastifyReply;
  readonly since: number;
  before: Place | undefined;
  after: Place | undefined;
}

/**
 * Replies that are no answers yet, in the order in which their requests came. Whoever is taken out leads to nobody any
 * more: of a Map each table that it has outgrown leads to the next one, so once one of them is old, all requests from
 * then on stay in memory until the next full collection, and each costs half as much again.
 */
export class OpenReplies {
  private first: Place | undefined;
  private last: Place | undefined;

  add(reply: FastifyReply, since: number): void {
    const place: Place = { reply, since, before: this.last, after: undefined };
    if (this.last === undefined) this.first = place;
    else this.last.after = place;
    this.last = reply.place = place;
  }

  /** Does nothing for one that is not there. */
  remove(reply: FastifyReply): void {
    const { place } = reply;
    if (place === undefined) return;
    const { before, after } = place;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    place.before = place.after = reply.place = undefined;
  }

  /** As they are now, the oldest first. */
  all(): readonly Pick<Place, 'reply' | 'since'>[] {
    const all: Place[] = [];
    for (let place = this.first; place !== undefined; place = place.after) all.push(place);
    return all;
  }
}
