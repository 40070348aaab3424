import * as fc from 'fast-check';
import { EventParser, eventsOf, ServerEvent } from '../../src/client/event-parser';

/** The events of a text that comes in these pieces. */
function eventsIn(...pieces: readonly string[]): ServerEvent[] {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

test.each<[string, string, ServerEvent[]]>([
  ['a name and data', 'id: 1\nevent: stdout\ndata: {"data":"a"}\n\n', [{ name: 'stdout', data: '{"data":"a"}' }]],
  ['data alone', 'data: a\n\n', [{ name: 'message', data: 'a' }]],
  ['data of several lines', 'data: a\ndata:\ndata: b\n\n', [{ name: 'message', data: 'a\n\nb' }]],
  ['a value without a blank in front, and one with two', 'data:a\n\ndata:  b\n\n', [{ name: 'message', data: 'a' }, { name: 'message', data: ' b' }]],
  ['carriage returns', 'event: exit\r\ndata: a\r\n\r\ndata: b\r\r', [{ name: 'exit', data: 'a' }, { name: 'message', data: 'b' }]],
  ['a colon in the data', 'data: a: b\n\n', [{ name: 'message', data: 'a: b' }]],
  ['comments', ':\n\n: still here\ndata: a\n\n:\n\n', [{ name: 'message', data: 'a' }]],
  ['fields that nobody knows', 'retry: 3\ncolour: red\ndata: a\n\n', [{ name: 'message', data: 'a' }]],
])('%s is read', (_, text, events) => {
  expect(eventsIn(text)).toEqual(events);
});

test.each<[string, string]>([
  ['without data', 'event: stdout\n\n'],
  ['that has not ended', 'event: stdout\ndata: a\n'],
  ['whose field has another name', 'Data: a\n\n'],
  ['in a comment', ':data: a\n\n'],
])('an event %s is none', (_, text) => {
  expect(eventsIn(text)).toEqual([]);
});

test('the name of an event without data is not that of the next one', () => {
  expect(eventsIn('event: exit\n\ndata: a\n\n')).toEqual([{ name: 'message', data: 'a' }]);
});

/** Written as a server may write them: any line ends, comments in between. */
const written = fc.array(fc.record({
  name: fc.constantFrom('stdout', 'stderr', 'exit'),
  data: fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ data: text })),
  end: fc.constantFrom('\n', '\r\n', '\r'),
  comment: fc.boolean(),
}), { maxLength: 12 });

function textOf(events: readonly { name: string; data: string; end: string; comment: boolean }[]): string {
  return events.map(({ name, data, end, comment }) => `${comment ? `:${end}${end}` : ''}event: ${name}${end}data: ${data}${end}${end}`).join('');
}

test('however a text is cut, the events are the same', () => {
  fc.assert(fc.property(written, fc.array(fc.nat(200), { maxLength: 40 }), (events, lengths) => {
    const text = textOf(events);
    const pieces: string[] = [];
    let at = 0;
    for (const length of lengths) {
      pieces.push(text.slice(at, at + length));
      at += length;
    }
    pieces.push(text.slice(at));
    expect(eventsIn(...pieces)).toEqual(events.map(({ name, data }) => ({ name, data })));
  }));
});

test('however its bytes are cut, also within a character, the events are the same', async () => {
  await fc.assert(fc.asyncProperty(written, fc.integer({ min: 1, max: 7 }), async (events, size) => {
    const bytes = new TextEncoder().encode(textOf(events));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const read: ServerEvent[] = [];
    for await (const event of eventsOf(body)) read.push(event);
    // What UTF-8 cannot say has been replaced on the way there.
    const expected = events.map(({ name, data }) => ({ name, data: new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(data)) }));
    expect(read).toEqual(expected);
  }), { numRuns: 50 });
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('\r', '\n', ':', ' ', 'data', 'event', 'x') })), (pieces) => {
    eventsIn(...pieces);
  }));
});

test('whoever leaves early ends the stream', async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
    cancel: () => { cancelled = true; },
  });
  for await (const { data } of eventsOf(body)) {
    expect(data).toBe('a');
    break;
  }
  expect(cancelled).toBe(true);
});
