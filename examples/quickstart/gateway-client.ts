import type { Answer } from './session-client';

/** Names the session in requests, and in every answer to one. */
const SESSION_HEADER = 'x-agentcube-session-id';

/** Somebody with a key of the gateway. */
export class GatewayClient {
  constructor(private readonly url: string, private readonly key: string) {}

  public create(namespace: string, name: string): Promise<Answer> {
    return this.send('POST', '/v1/code-interpreter', { namespace, name, ttl: 600 });
  }

  public list(): Promise<Answer> {
    return this.send('GET', '/v1/sessions');
  }

  public remove(id: string): Promise<Answer> {
    return this.send('DELETE', `/v1/code-interpreter/sessions/${id}`);
  }

  /** Runs a command in the session. */
  public execute(pool: string, id: string, command: readonly string[]): Promise<Answer> {
    return this.send('POST', `${pathOf(pool)}/api/execute`, { command }, id);
  }

  /** The same; what the command prints comes as it prints it, each piece with the milliseconds since the request. */
  public async *stream(pool: string, id: string, command: readonly string[]): AsyncGenerator<{ readonly text: string; readonly ms: number }> {
    const start = performance.now();
    const headers = { ...this.headers(id), accept: 'text/event-stream' };
    const answer = await fetch(`${this.url}${pathOf(pool)}/api/execute`, { method: 'POST', headers, body: JSON.stringify({ command }) });
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const events = `${text}${chunk}`.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const printed = /^event: stdout\ndata: (.*)$/m.exec(event)?.[1];
        if (printed !== undefined) yield { text: JSON.parse(printed).data, ms: performance.now() - start };
      }
    }
  }

  private async send(method: string, path: string, body?: object, id?: string): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, { method, headers: this.headers(id), body: body === undefined ? undefined : JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  }

  private headers(id?: string): Record<string, string> {
    const headers = { 'authorization': `Bearer ${this.key}`, 'content-type': 'application/json' };
    return id === undefined ? headers : { ...headers, [SESSION_HEADER]: id };
  }
}

function pathOf(pool: string): string {
  const [namespace, name] = pool.split('/');
  return `/v1/namespaces/${namespace}/code-interpreters/${name}/invocations`;
}
