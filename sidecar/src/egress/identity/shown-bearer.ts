import type { IncomingMessage } from 'node:http';
import { BEARER_PREFIX } from '../../../../src/protocol/broker-api';
import { MAX_RUN_TOKEN, PROXY_AUTHORIZATION, RUN_TOKEN_PATTERN } from '../../../../src/protocol/egress-api';
import { basicParts } from '../../server/wire/basic-parts';

/** Where a bearer begins, alone or behind a scheme or another prefix. */
const BEGIN = new RegExp(`(?<![A-Za-z0-9])${BEARER_PREFIX}`);
const TOKEN = new RegExp(RUN_TOKEN_PATTERN);

/** These first; they are where most clients show one. */
const USUAL: readonly string[] = ['authorization', 'x-api-key'];

/** The first of our bearers that a request shows, in a header or a query parameter; undefined when it shows none. */
export function shownBearer(headers: IncomingMessage['headersDistinct'], query: string): string | undefined {
  const others = Object.keys(headers).filter((name) => !USUAL.includes(name) && name !== PROXY_AUTHORIZATION);
  const values = [...USUAL, ...others].flatMap((name) => headers[name] ?? []);
  const texts = [...values.flatMap((value) => [value, ...basicParts(value)]), ...new URLSearchParams(query).values()];
  return texts.map(bearerIn).find((bearer) => bearer !== undefined);
}

/** To the end of the text: a bearer with anything behind it is not that bearer. */
function bearerIn(text: string): string | undefined {
  const start = text.search(BEGIN);
  const bearer = start < 0 ? '' : text.slice(start).trimEnd();
  return bearer.length <= MAX_RUN_TOKEN && TOKEN.test(bearer) ? bearer : undefined;
}
