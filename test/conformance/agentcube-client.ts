import { request } from 'node:http';
import { PicodClient, Received, Sent } from '../sidecar/session/picod-client';

/** Where a server of AgentCube is, and the token that the client sends there; none where nobody is asked for one. */
export interface Endpoint {
  readonly port: number;
  readonly token?: string;
}

/** What the client wants a session of. */
export interface Workload {
  readonly kind: 'code-interpreter' | 'agent-runtime';
  readonly namespace: string;
  readonly name: string;
}

/** A refusal as clients of the workload manager and of the router read it: some know `message`, others `error` and `code`. */
export class AgentcubeError extends Error {
  constructor(readonly status: number, readonly fields: Readonly<Record<string, unknown>>) {
    super(`${status} ${JSON.stringify(fields)}`);
  }
}

/** Fields that AgentCube's clients decode of a created session; whatever else is there they never see. */
const DECODED = ['kind', 'sessionId', 'sandboxId', 'sandboxName', 'entryPoints', 'ownerId'] as const;

const SESSION = 'X-Agentcube-Session-Id';

type Fields = Readonly<Record<string, any>>;

/** A client of the documented wire: sessions from the workload manager, everything in them through the router. */
export class AgentcubeClient {
  constructor(private readonly manager: Endpoint, private readonly router: Endpoint, private readonly workload: Workload) {}

  /** The SDK sends `ttl` and `metadata` beside the names. */
  async create(more: object = {}): Promise<Fields> {
    const { kind, namespace, name } = this.workload;
    const created = fieldsOf(await this.send(this.manager, 'POST', `/v1/${kind}`, { name, namespace, ...more }));
    return Object.fromEntries(DECODED.filter((field) => field in created).map((field) => [field, created[field]]));
  }

  async remove(sessionId: string): Promise<Fields> {
    return fieldsOf(await this.send(this.manager, 'DELETE', `/v1/${this.workload.kind}/sessions/${sessionId}`));
  }

  /** PicoD behind the router; without a session the router makes one. */
  sandbox(sessionId?: string): PicodClient {
    const { kind, namespace, name } = this.workload;
    return new RoutedPicod(this.router, `/v1/namespaces/${namespace}/${kind}s/${name}/invocations`, sessionId);
  }

  /** @throws AgentcubeError from 400 on */
  async send({ port, token }: Endpoint, method: string, path: string, body?: object): Promise<Received> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      'User-Agent': 'python-requests/2.32.3',
      'Accept-Encoding': 'gzip, deflate',
      'Accept': '*/*',
      // A session of requests has it for calls without a body too.
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }),
    };
    const received = await new Promise<Received>((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, bytes: Buffer.concat(chunks) }));
      });
      call.on('error', reject).end(text);
    });
    if (received.status >= 400) throw new AgentcubeError(received.status, fieldsOf(received));
    return received;
  }
}

/** What every refusal says; fails when there is none. */
export async function refusedWith(call: Promise<unknown>): Promise<Readonly<Record<'status' | 'error' | 'code' | 'message', unknown>>> {
  const answer = await call.then((value) => { throw new Error(`not refused: ${JSON.stringify(value)}`); }, (thrown: unknown) => thrown);
  if (!(answer instanceof AgentcubeError)) throw answer;
  const { error, code, message } = answer.fields;
  return { status: answer.status, error, code, message };
}

/** Follows the session that the router names, as the SDK does. */
class RoutedPicod extends PicodClient {
  constructor({ port, token }: Endpoint, private readonly base: string, private sessionId?: string) {
    super(port, token === undefined ? undefined : async () => token);
  }

  async ask(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Received> {
    // To the router, one without a value is none.
    const named = { [SESSION]: this.sessionId ?? '' };
    const received = await super.ask(method, `${this.base}${path}`, { headers: { ...headers, ...named }, body });
    this.sessionId = String(received.headers[SESSION.toLowerCase()]);
    return received;
  }
}

function fieldsOf({ bytes }: Received): Fields {
  return JSON.parse(bytes.toString());
}
