import type { ServerResponse } from 'node:http';
import { refusalAnswer } from './refusal-answer';
import { LINGER_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { ApiError } from '../../server/http/errors';
import type { After } from '../../server/time/timers';

/** Answers a request that is not sent on. */
export function answerRefusal(response: ServerResponse, refusal: ApiError, after: After): void {
  const { req: request } = response;
  // There is an answer already, and it must not look whole.
  if (response.headersSent) return void request.socket.destroy();
  const { status, headers, body } = refusalAnswer(refusal);
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
  if (request.complete) return;
  request.resume();
  const cancel = after(LINGER_TIMEOUT, () => request.socket.destroy());
  request.once('close', cancel);
}
