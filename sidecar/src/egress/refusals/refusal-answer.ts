import { refuse } from './refuse';
import { EGRESS_CODE_HEADER, EGRESS_STATUS, type EgressCode, type EgressErrorBody } from '../../../../src/protocol/egress-api';
import { ApiError } from '../../server/http/errors';

/** A refusal as it goes over the wire. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function refusalAnswer({ status, code, message, headers }: ApiError): RefusalAnswer {
  const body = Buffer.from(JSON.stringify({ code: code as EgressCode, message } satisfies EgressErrorBody));
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json', 'content-length': String(body.length), 'cache-control': 'no-store', [EGRESS_CODE_HEADER]: code },
    body,
  };
}

/** What was thrown, as a client is told: what is none of our refusals is a defect, of which nothing is told. */
export function refusalOf(thrown: unknown): ApiError<EgressCode> {
  const isOurs = thrown instanceof ApiError && Object.hasOwn(EGRESS_STATUS, thrown.code);
  return isOurs ? thrown as ApiError<EgressCode> : refuse('INTERNAL', 'the request could not be served', { cause: thrown });
}
