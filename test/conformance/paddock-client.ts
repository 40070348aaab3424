import { request } from 'node:https';

/** Where the client's broker is, and what it trusts. */
export interface Endpoint {
  readonly port: number;
  readonly ca: string;
}

/** Who speaks for which run; one client serves one run at a time. */
export interface Speaker {
  readonly token: string;
  readonly run: string;
  /** Left out by clients that mean their own. */
  readonly namespace?: string;
}

/** What a client of paddock 0.5.2 makes of a refusal. */
export class PaddockError extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** Fields that paddock's clients decode, by endpoint; whatever else is there they never see. */
const DECODED = {
  'issue': ['value', 'leaseId', 'expiresAt', 'provider', 'deliveryMode', 'hosts', 'inContainerReason', 'poolSecretRef', 'poolSlotIndex'],
  'revoke': [],
  'validate-egress': ['allowed', 'matchedPolicy', 'reason', 'substituteAuth', 'discoveryAllow'],
  'substitute-auth': ['setHeaders', 'removeHeaders', 'allowedHeaders', 'allowedQueryParams'],
} as const;

export type PaddockEndpoint = keyof typeof DECODED;

/** A client of the documented wire: TLS 1.3, always POST, any 2xx is success, errors are `{code, message}` or else `HTTP<status>`. */
export class PaddockClient {
  constructor(private readonly broker: Endpoint, private readonly speaker: Speaker) {}

  async call(endpoint: PaddockEndpoint, body: object): Promise<Readonly<Record<string, any>>> {
    const { status, text } = await this.post(`/v1/${endpoint}`, JSON.stringify(body));
    if (status < 200 || status > 299) throw errorOf(status, text);
    const answer: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
    return Object.fromEntries(DECODED[endpoint].filter((field) => field in answer).map((field) => [field, answer[field]]));
  }

  /** Code and status of the refusal; fails when there is none. */
  async refusal(endpoint: PaddockEndpoint, body: object): Promise<string> {
    const answer = await this.call(endpoint, body).catch((error: unknown) => error);
    if (!(answer instanceof PaddockError)) throw new Error(`not refused: ${JSON.stringify(answer)}`);
    return `${answer.status} ${answer.code}`;
  }

  post(path: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
    const { token, run, namespace } = this.speaker;
    const headers = {
      'User-Agent': 'Go-http-client/1.1',
      'Content-Length': String(Buffer.byteLength(body)),
      'Authorization': `Bearer ${token}`,
      'Content-Type': 'application/json',
      'X-Paddock-Run': run,
      ...(namespace === undefined ? {} : { 'X-Paddock-Run-Namespace': namespace }),
      'Accept-Encoding': 'gzip',
    };
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', ...this.broker, path, method: 'POST', minVersion: 'TLSv1.3', agent: false, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', () => resolve({ status: answer.statusCode ?? 0, text })).on('error', reject);
      });
      call.on('error', reject).end(body);
    });
  }
}

function errorOf(status: number, text: string): PaddockError {
  try {
    const { code, message } = JSON.parse(text);
    if (typeof code === 'string' && typeof message === 'string') return new PaddockError(status, code, message);
  } catch {
    // Not the envelope, which the client takes as it is.
  }
  return new PaddockError(status, `HTTP${status}`, text);
}
