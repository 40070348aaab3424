import { IncomingHttpHeaders, IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export const POOL = { namespace: 'team-a', name: 'python' } as const;
export const INVOCATIONS = `/v1/namespaces/${POOL.namespace}/code-interpreters/${POOL.name}/invocations`;
const CREATE = '/v1/code-interpreter';

/** Somebody with a key, at one gateway. */
export class GatewayClient {
  constructor(private readonly address: string, private readonly key?: string) {}

  ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    return this.open(method, path, asked).then(answerOf);
  }

  create(body: object = {}, headers: Asked['headers'] = {}): Promise<Answer> {
    return this.ask('POST', CREATE, { body: { ...POOL, ...body }, headers });
  }

  /** Runs a script in the session, or in a new one. */
  execute(id: string | undefined, script: string): Promise<Answer> {
    return this.ask('POST', `${INVOCATIONS}/api/execute`, { headers: sessionHeader(id), body: { command: ['sh', '-c', script], timeout: '60s' } });
  }

  get(id: string): Promise<Answer> {
    return this.ask('GET', `/v1/sessions/${id}`);
  }

  end(id: string): Promise<Answer> {
    return this.ask('DELETE', `${CREATE}/sessions/${id}`);
  }

  /** The answer as soon as its head is there. */
  open(method: string, path: string, { headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
    const [host, port] = this.address.split(':');
    const text = body === undefined ? undefined : JSON.stringify(body);
    const all = {
      ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      request({ host, port, method, path, headers: all, agent: false }, resolve).once('error', reject).end(text);
    });
  }
}

/** Comes again when it is told to; nothing was done then. */
export async function untilReady(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    expect(answer).toMatchObject({ body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    await sleep(Number(answer.headers['retry-after']) * 1000);
  }
  throw new Error('it was told to come again too often');
}

export function sessionHeader(id: string | undefined): Readonly<Record<string, string>> {
  return id === undefined ? {} : { 'x-agentcube-session-id': id };
}

export async function answerOf(message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: message.statusCode!, headers: message.headers, body: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
