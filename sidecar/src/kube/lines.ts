import type { IncomingMessage } from 'node:http';
import { KubeError } from './kube-error';
import { Call, name } from './transport';

/** An event holds one object, which has at most 1.5 MiB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;

/** The lines of an answer as they come. Ends with the answer, or when it is silent for too long; throws when it is cut, or when a line does not end. */
export async function* linesOf(call: Pick<Call, 'method' | 'path'>, answer: IncomingMessage, silence: number, signal?: AbortSignal): AsyncGenerator<string> {
  const abort = () => answer.destroy(signal?.reason);
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    answer.destroy();
  }, silence);
  signal?.addEventListener('abort', abort);
  let open: Buffer[] = [];
  let length = 0;
  try {
    signal?.throwIfAborted();
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      timer.refresh();
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...open, chunk.subarray(start, end)]).toString('utf8');
        [open, length, start] = [[], 0, end + 1];
      }
      length += chunk.length - start;
      if (length > MAX_LINE_BYTES) throw new KubeError('TooLarge', `${name(call)}: an event is longer than ${MAX_LINE_BYTES} bytes`);
      if (start < chunk.length) open.push(chunk.subarray(start));
    }
  } catch (error) {
    if (isSilent) return;
    if (signal?.aborted === true || error instanceof KubeError) throw error;
    throw new KubeError('Unavailable', `${name(call)}: the connection was cut`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    answer.destroy();
  }
}
