import { Agent, IncomingHttpHeaders, request } from 'node:http';

/** What is sent: headers are those of the client and the router before it, the body is whatever its type says. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** A refusal as PicoD's clients read it; a body that is no JSON has none of the fields. */
export class PicodError extends Error {
  constructor(readonly status: number, readonly error?: string, readonly code?: number | string, readonly detail?: string) {
    super(`${status} ${error}`);
  }
}

/** Fields that PicoD's clients decode; whatever else is there they never see. */
const DECODED = {
  health: ['status', 'service', 'version', 'uptime'],
  init: ['status'],
  execute: ['stdout', 'stderr', 'exit_code', 'duration', 'start_time', 'end_time'],
  upload: ['path', 'size', 'mode', 'modified'],
  entry: ['name', 'size', 'modified', 'mode', 'is_dir'],
} as const;

type Fields = Readonly<Record<string, any>>;

export interface FormFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A client of the documented wire, as AgentCube's SDK sends through its router. */
export class PicodClient {
  /** One connection, which the router keeps. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param token - signed anew for every request, as the router does; none leaves the header out */
  constructor(private readonly port: number, private readonly token?: () => Promise<string>) {}

  async health(): Promise<Fields> {
    return decoded('health', await this.ask('GET', '/health'));
  }

  /** The token is in the body, not in the header. */
  async init(token: string): Promise<Fields> {
    return decoded('init', await this.ask('POST', '/init', json({ token })));
  }

  async execute(body: object): Promise<Fields> {
    return decoded('execute', await this.ask('POST', '/api/execute', json(body)));
  }

  async uploadJson(path: string, bytes: Buffer, mode?: string): Promise<Fields> {
    return decoded('upload', await this.ask('POST', '/api/files', json({ path, content: bytes.toString('base64'), mode })));
  }

  async uploadForm(fields: Readonly<Record<string, string | FormFile>>): Promise<Fields> {
    return decoded('upload', await this.ask('POST', '/api/files', form(fields)));
  }

  async list(path?: string): Promise<readonly Fields[]> {
    const query = path === undefined ? '' : `?${new URLSearchParams({ path })}`;
    const { files } = fieldsOf(await this.ask('GET', `/api/files${query}`));
    return (files as readonly Fields[]).map((entry) => only('entry', entry));
  }

  /** Without the leading `/`, as the SDK asks; each name is percent-encoded. */
  async download(path: string, headers: Sent['headers'] = {}): Promise<Received> {
    const encoded = path.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/');
    return this.ask('GET', `/api/files/${encoded}`, { headers });
  }

  /** @throws PicodError from 400 on */
  async ask(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Received> {
    const token = await this.token?.();
    const received = await this.send(method, path, { body, headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers } });
    if (received.status >= 400) throw errorOf(received);
    return received;
  }

  close(): void {
    this.agent.destroy();
  }

  private send(method: string, path: string, { headers, body }: Sent): Promise<Received> {
    const known = {
      'User-Agent': 'python-requests/2.32.3',
      'Accept-Encoding': 'gzip, deflate',
      'Accept': '*/*',
      'X-Agentcube-Session-Id': 's-1',
      'X-Forwarded-For': '10.0.0.9, 10.0.0.9',
      'X-Forwarded-Host': 'router.example.com',
      'X-Forwarded-Proto': 'http',
      ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    };
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.port, agent: this.agent, method, path, headers: { ...known, ...headers } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, bytes: Buffer.concat(chunks) }));
      });
      call.on('error', reject).end(body);
    });
  }
}

/** What every refusal says; fails when there is none. */
export async function refused(call: Promise<unknown>): Promise<Pick<PicodError, 'status' | 'error' | 'code'>> {
  const answer = await call.catch((thrown: unknown) => thrown);
  if (!(answer instanceof PicodError)) throw new Error(`not refused: ${JSON.stringify(answer)}`);
  const { status, error, code } = answer;
  return { status, error, code };
}

export function json(body: object): Required<Sent> {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

/** Parts in the order of the fields, as clients of Python and Go write them. */
function form(fields: Readonly<Record<string, string | FormFile>>): Required<Sent> {
  const edge = '0c9f5e1e9b1a4d55a1b2c3d4e5f60718';
  const parts = Object.entries(fields).map(([name, value]) => {
    const [more, bytes] = typeof value === 'string' ? ['', Buffer.from(value)] : [`; filename="${value.name}"\r\nContent-Type: application/octet-stream`, value.bytes];
    return Buffer.concat([Buffer.from(`--${edge}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`), bytes, Buffer.from('\r\n')]);
  });
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${edge}` }, body: Buffer.concat([...parts, Buffer.from(`--${edge}--\r\n`)]) };
}

function fieldsOf({ bytes }: Received): Fields {
  return JSON.parse(bytes.toString());
}

function decoded(kind: keyof typeof DECODED, received: Received): Fields {
  return only(kind, fieldsOf(received));
}

function only(kind: keyof typeof DECODED, fields: Fields): Fields {
  return Object.fromEntries(DECODED[kind].filter((field) => field in fields).map((field) => [field, fields[field]]));
}

function errorOf({ status, headers, bytes }: Received): PicodError {
  if (headers['content-type']?.startsWith('application/json') !== true) return new PicodError(status);
  const { error, code, detail } = JSON.parse(bytes.toString());
  return new PicodError(status, error, code, detail);
}
