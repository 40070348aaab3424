import { StringDecoder } from 'node:string_decoder';
import type { FastifyReply } from 'fastify';
import { Encoding, EVENT_STREAM, ExecuteEvent } from '../../../../src/protocol/session-work';
import type { AnswerWriter } from '../client';
import type { After, OutputSource } from '../processes';

const COMMENT = ':\n\n';

/**
 * An answer of events with numbers, from 1 on. While nothing else is said, comments keep the connection open through
 * proxies that close silent ones. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  private count = 0;
  private readonly decoders: Readonly<Record<OutputSource, StringDecoder>>;
  private stopHeartbeat: (() => void) | undefined;

  constructor(
    private readonly reply: FastifyReply,
    private readonly writer: AnswerWriter,
    encoding: Encoding,
    private readonly heartbeat: { readonly ms: number; readonly timer: After },
  ) {
    this.decoders = { stdout: new StringDecoder(encoding), stderr: new StringDecoder(encoding) };
    reply.hijack();
    reply.raw.writeHead(200, { ...reply.getHeaders() as Record<string, string>, 'content-type': EVENT_STREAM, 'x-accel-buffering': 'no' });
    reply.raw.flushHeaders();
    this.beat();
  }

  /** Bytes of a character that is not complete wait for the rest of it. */
  output(source: OutputSource, bytes: Buffer): void | Promise<void> {
    return this.say(source, this.decoders[source].write(bytes));
  }

  /** The last event. */
  async end(event: Extract<ExecuteEvent, 'exit' | 'error'>, data: object): Promise<void> {
    for (const source of ['stdout', 'stderr'] as const) await this.say(source, this.decoders[source].end());
    await this.send(event, data);
    this.close();
  }

  close(): void {
    this.stopHeartbeat?.();
    this.writer.end();
  }

  private say(source: OutputSource, data: string): void | Promise<void> {
    return data === '' ? undefined : this.send(source, { data });
  }

  private send(event: ExecuteEvent, data: object): void | Promise<void> {
    this.count += 1;
    this.stopHeartbeat?.();
    this.beat();
    return this.writer.write(`id: ${this.count}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private beat(): void {
    this.stopHeartbeat = this.heartbeat.timer(this.heartbeat.ms, () => {
      // A client that takes nothing needs no sign of life.
      if (!this.reply.raw.destroyed && !this.reply.raw.writableNeedDrain) this.reply.raw.write(COMMENT);
      this.beat();
    });
  }
}
