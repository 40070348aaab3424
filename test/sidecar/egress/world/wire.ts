import type { Socket } from 'node:net';

/** An answer as it came. */
export interface WireAnswer {
  readonly status: number;
  /** Lower-case names; several values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';
/** Milliseconds after which a test is told what has come instead of what it waits for. */
const PATIENCE = 25_000;

/** A connection on which bytes are sent as they are, and everything that came back. */
export class Wire {
  /** What came and was not taken as an answer yet. */
  received = '';
  isClosed = false;
  private readonly waiting = new Set<() => void>();

  constructor(readonly socket: Socket) {
    socket.on('data', this.keep).on('error', () => socket.destroy()).on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  /** The next answer; what comes before the final one is in `headers` of none. */
  async answer(method = 'GET'): Promise<WireAnswer> {
    for (;;) {
      const answer = await this.oneAnswer(method);
      if (answer.status >= 200 || answer.status === 101) return answer;
    }
  }

  async oneAnswer(method = 'GET'): Promise<WireAnswer> {
    await this.until(() => this.received.includes(HEAD_END) || this.isClosed);
    const end = this.received.indexOf(HEAD_END);
    if (end < 0) throw new Error(`the connection ended with ${JSON.stringify(this.received)} in place of an answer`);
    const [line, ...fields] = this.received.slice(0, end).split('\r\n');
    const status = Number(line.split(' ')[1]);
    const headers = headersIn(fields);
    this.received = this.received.slice(end + HEAD_END.length);
    return { status, headers, body: await this.body(method, status, headers) };
  }

  /** Resolves to all that came once the other side has closed. */
  async rest(): Promise<string> {
    await this.until(() => this.isClosed);
    return this.received;
  }

  async until(holds: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`waited in vain; ${this.isClosed ? 'closed' : 'open'}, and this came: ${JSON.stringify(this.received.slice(0, 2000))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.waiting.add(() => { clearTimeout(timer); resolve(); });
      });
    }
  }

  /** Gives the socket to somebody else, who reads what comes from now on. */
  release(): Socket {
    return this.socket.off('data', this.keep);
  }

  private async body(method: string, status: number, headers: Readonly<Record<string, string>>): Promise<string> {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304 || (method === 'CONNECT' && status < 300)) return '';
    if (headers['transfer-encoding']?.includes('chunked')) return this.chunks();
    const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    await this.until(() => this.isClosed || (length !== undefined && this.received.length >= length));
    return this.taken(length ?? this.received.length);
  }

  private async chunks(): Promise<string> {
    let body = '';
    for (;;) {
      await this.until(() => this.isClosed || /^[0-9a-f]+\r\n/i.test(this.received));
      const [line] = /^[0-9a-f]+\r\n/i.exec(this.received) ?? [];
      if (line === undefined) return body;
      const size = parseInt(line, 16);
      await this.until(() => this.isClosed || this.received.length >= line.length + size + 2);
      const isWhole = this.received.length >= line.length + size + 2;
      body += this.taken(line.length + size + 2).slice(line.length, line.length + size);
      if (size === 0 || !isWhole) return body;
    }
  }

  private taken(length: number): string {
    const text = this.received.slice(0, length);
    this.received = this.received.slice(length);
    return text;
  }

  private readonly keep = (chunk: Buffer): void => {
    this.received += chunk.toString('latin1');
    this.wake();
  };

  private wake(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    woken.forEach((resume) => resume());
  }
}

function headersIn(fields: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}
