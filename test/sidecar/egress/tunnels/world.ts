import { createServer as createHttpServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Leave } from '../../../../sidecar/src/egress/gate/leave';
import { RunCaps } from '../../../../sidecar/src/egress/gate/run-caps';
import type { Question, Revalidation, Verdict } from '../../../../sidecar/src/egress/gate/verdicts';
import type { ConnectionReport, ReportedClient, ReportedEnd } from '../../../../sidecar/src/egress/reports/connection-report';
import { type ConnectDeps, connectHandler } from '../../../../sidecar/src/egress/tunnels/connect';
import { OpenTunnels } from '../../../../sidecar/src/egress/tunnels/open-tunnels';
import type { Terminated } from '../../../../sidecar/src/egress/tunnels/terminate';
import { connected } from '../../../../sidecar/src/egress/upstream/dial';
import { type EgressMode, MAX_EGRESS_HEADERS } from '../../../../src/protocol/egress-api';
import { type Client, Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

export const HOST = 'api.example.com';
export const TOKEN = `pdk-egress-${'a'.repeat(20)}..b.c.d`;
export const AUTHORIZATION = `Proxy-Authorization: Basic ${Buffer.from(`run-1:${TOKEN}`).toString('base64')}\r\n`;
export const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** The text of a CONNECT with everything that one needs. */
export function connectTo(target = `${HOST}:443`, { version = '1.1', authorization = AUTHORIZATION, host = 'Host: x\r\n', more = '' } = {}): string {
  return `CONNECT ${target} HTTP/${version}\r\n${host}${authorization}${more}\r\n`;
}

export interface Reported {
  mode: EgressMode;
  readonly client: ReportedClient;
  target?: string;
  verdict?: Verdict;
  end?: ReportedEnd;
  ends: number;
}

/** A proxy on loopback that takes CONNECT and nothing else, with the rest of the platform played by the test. */
export class TunnelWorld {
  readonly time = new PassingTime();
  readonly loopback = new Loopback();
  readonly open = new OpenTunnels();
  readonly reported: Reported[] = [];
  readonly terminated: Terminated[] = [];
  readonly asked: Question[] = [];
  readonly revalidated: Question[] = [];
  readonly defects: unknown[] = [];
  readonly upstreams: Socket[] = [];
  readonly caps: RunCaps;
  verdict: Verdict = { allowed: true, until: 10_000, matchedPolicy: 'p', auditId: 'audit-1' };
  revalidation: Revalidation = { outcome: 'allowed', verdict: this.verdict };
  server!: Server;
  port = 0;
  upstreamPort = 0;

  /** What happens between the question and its answer, and before a connection to the upstream. */
  admitting: () => Promise<void>;
  dialling: () => Promise<void>;

  constructor(private readonly deps: Partial<ConnectDeps> = {}, caps: { connections?: number; perSecond?: number } = {}) {
    this.admitting = this.dialling = async () => undefined;
    this.caps = new RunCaps({ connections: 100, perSecond: 1_000, clock: this.time.clock, ...caps });
  }

  /** Begins with an upstream, which is told each connection. */
  async start(upstream: (socket: Socket) => void = (socket) => void socket.pipe(socket)): Promise<this> {
    this.upstreamPort = await this.loopback.serve((socket) => {
      this.upstreams.push(socket);
      upstream(socket);
    });
    this.server = createHttpServer({ requireHostHeader: false, maxHeaderSize: MAX_EGRESS_HEADERS }, (request, answer) => void answer.end(`plain ${request.url}`));
    this.server.on('connect', connectHandler({
      gate: {
        admit: async (question, heard) => {
          const leave = await this.admit(question);
          heard(leave.verdict);
          return leave;
        },
      },
      caps: this.caps,
      reports: (mode, client) => this.report(mode, client),
      terminate: (terminated) => void this.terminated.push(terminated),
      inspectAll: false,
      open: this.open,
      giveBack: (socket) => this.server.emit('connection', socket),
      log: { error: ((entry: unknown) => this.defects.push(entry)) as never },
      verdicts: {
        revalidate: async (question) => {
          this.revalidated.push(question);
          return this.revalidation;
        },
      },
      clock: this.time.clock,
      after: this.time.after,
      ...this.deps,
    }));
    this.port = await this.loopback.listen(this.server);
    return this;
  }

  /** A client that has sent this. */
  async client(text: string | Buffer = connectTo()): Promise<Client> {
    return (await this.loopback.client(this.port)).send(text);
  }

  /** A client whose tunnel is answered. */
  async tunnel(text?: string): Promise<Client> {
    const client = await this.client(text);
    await client.until(/^HTTP\/1\.1 200 Connection established\r\n\r\n/);
    return client;
  }

  /** The end of a report. */
  async ended(index = 0): Promise<ReportedEnd> {
    await until(() => this.reported[index]?.end !== undefined, `the end of report ${index}`);
    return this.reported[index].end!;
  }

  /** Until nothing is left of anybody: no socket, no timer, no place, no tunnel. */
  async rest(): Promise<void> {
    await until(() => this.loopback.sockets.size === 0, `the end of ${this.loopback.sockets.size} sockets`);
    await until(() => this.time.waiting + this.caps.size + this.open.size === 0, `rest: ${JSON.stringify([this.time.waiting, this.caps.size, this.open.size])}`);
    for (const { ends } of this.reported) expect(ends).toBe(1);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await this.loopback.close();
  }

  private async admit(question: Question): Promise<Leave> {
    this.asked.push(question);
    await this.admitting();
    const dial = async (): Promise<Socket> => {
      await this.dialling();
      return connected(HOST, ['127.0.0.1'], this.upstreamPort, this.time.after);
    };
    return { question, verdict: this.verdict, dial };
  }

  private report(mode: EgressMode, client: ReportedClient): ConnectionReport {
    const reported: Reported = { mode, client, ends: 0 };
    this.reported.push(reported);
    return {
      id: `connection-${this.reported.length}`,
      target: ({ host, port }) => { reported.target = `${host}:${port}`; },
      mode: (now) => { reported.mode = now; },
      verdict: (verdict) => { reported.verdict = verdict; },
      end: (end) => {
        reported.ends += 1;
        reported.end ??= end;
      },
    };
  }
}

