import { TEAM } from './broker-fleet';
import type { BrokerProcess } from '../helpers/broker-process';

/** What a broker answered; `code` is that of a refusal. */
export interface BrokerAnswer {
  readonly status: number;
  readonly code?: string;
  readonly body: Readonly<Record<string, any>>;
}

/** Who asks, and for which run. */
export interface Asking {
  readonly token: string;
  readonly run?: string;
}

/** Asks one replica. Rejects only when there is no answer. */
export async function askOne(broker: BrokerProcess, endpoint: string, body: object, { token, run }: Asking): Promise<BrokerAnswer> {
  const headers = { 'authorization': `Bearer ${token}`, 'content-type': 'application/json', ...(run === undefined ? {} : { 'x-paddock-run': run, 'x-paddock-run-namespace': TEAM }) };
  const answer = await fetch(`http://${broker.addresses.broker}/v1/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  const parsed = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, body: parsed, ...(parsed.code === undefined ? {} : { code: parsed.code }) };
}

/** Milliseconds for which a client asks again; the replica that it asks may be dead, and the API server slow. */
const PATIENCE = 60_000;

/** A client of several replicas, as a Service gives it: without an answer it asks another one, and any answer but that it is not known now is the answer. */
export class FleetClient {
  /** Replicas that are ready. */
  public readonly ready: BrokerProcess[] = [];
  /** Answers by endpoint, status and code. */
  public readonly tally = new Map<string, number>();
  public retries = 0;
  /** Answers that it is not known now, as the API server does not say it in time. */
  public unavailable = 0;

  async ask(endpoint: string, body: object, asking: Asking): Promise<BrokerAnswer> {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      const broker = this.ready[Math.floor(Math.random() * this.ready.length)];
      const answer = broker === undefined ? undefined : await askOne(broker, endpoint, body, asking).catch(() => undefined);
      if (answer !== undefined && answer.code !== 'Unavailable') return this.counted(endpoint, answer);
      if (answer === undefined) this.retries += 1;
      else this.unavailable += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no replica answers ${endpoint}`);
  }

  private counted(endpoint: string, answer: BrokerAnswer): BrokerAnswer {
    const key = [endpoint, answer.status, answer.code].filter((part) => part !== undefined).join(' ');
    this.tally.set(key, (this.tally.get(key) ?? 0) + 1);
    return answer;
  }
}

export function swapKey(bearer: string): object {
  return { host: 'api.anthropic.com', port: 443, incomingXApiKey: bearer };
}

export function swapPat(bearer: string): object {
  return { host: 'github.com', port: 443, incomingAuthorization: `Basic ${Buffer.from(`x:${bearer}`).toString('base64')}` };
}

/** The token in the Basic credentials of an answer. */
export function patOf({ body }: BrokerAnswer): string {
  return Buffer.from(String(body.setHeaders.Authorization).slice('Basic '.length), 'base64').toString().split(':')[1];
}
