/** An event of a stream. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Reads a stream of events however it is cut into pieces. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
export class EventParser {
  /** Of a line whose end has not come. */
  private rest = '';
  /** Whether the last line ended with a carriage return, whose line feed may follow. */
  private mayFeed = false;
  private name = '';
  private data: string[] = [];

  /** The events that end in this piece. What is not complete waits for the next one. */
  public push(piece: string): ServerEvent[] {
    if (piece === '') return [];
    const text = this.mayFeed && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.mayFeed = piece.endsWith('\r');
    const lines = `${this.rest}${text}`.split(/\r\n|\n|\r/);
    this.rest = lines.pop()!;
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): ServerEvent[] {
    if (line === '') return this.finished();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    if (field === 'data') this.data.push(value);
    return [];
  }

  private finished(): ServerEvent[] {
    const { name, data } = this;
    this.name = '';
    this.data = [];
    return data.length === 0 ? [] : [{ name: name === '' ? 'message' : name, data: data.join('\n') }];
  }
}

/** The events of an answer, until it ends or nobody wants more. Rejects when the answer breaks off. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      yield* parser.push(decoder.decode(piece.value, { stream: true }));
    }
  } finally {
    // Whoever leaves early closes the connection, and with it ends the command.
    await reader.cancel().catch(() => undefined);
  }
}
