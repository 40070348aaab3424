/** Why a body is no form. */
export class FormRefused extends Error {}

/** A field of a form. What is left of its body when the next one is asked for is skipped. */
export interface FormField {
  readonly name: string;
  readonly body: AsyncGenerator<Buffer>;
}

const MAX_BOUNDARY = 70;
const MAX_HEADERS = 8 * 1024;
const CRLF = '\r\n';

/** The boundary that a content type names. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
export function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? '';
  if (boundary === '' || boundary.length > MAX_BOUNDARY) throw new FormRefused(`the content type needs a boundary of at most ${MAX_BOUNDARY} characters`);
  return boundary;
}

/** The fields of a form as they arrive, in any number of pieces. https://www.rfc-editor.org/rfc/rfc7578 */
export async function* formFields(source: AsyncIterator<Buffer>, boundary: string): AsyncGenerator<FormField> {
  // With a line end before it, the first delimiter is as the others.
  const input = new Pieces(source, Buffer.from(CRLF));
  const delimiter = `${CRLF}--${boundary}`;
  await skip(input.until(delimiter));
  for (;;) {
    const end = await input.next(2);
    if (end === '--') return;
    if (end !== CRLF) throw new FormRefused('a delimiter of the form is followed by something else');
    const name = nameOf(await input.textUntil(`${CRLF}${CRLF}`, MAX_HEADERS));
    const body = input.until(delimiter);
    yield { name, body };
    await skip(body);
  }
}

async function skip(pieces: AsyncGenerator<Buffer>): Promise<void> {
  while ((await pieces.next()).done !== true);
}

/** Parameters one after the other, so that what is inside of quotes is not read as one. */
const PARAMETER = /\s*;\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gy;

function nameOf(headers: string): string {
  const [, parameters] = /^content-disposition:\s*form-data(.*)$/im.exec(headers) ?? [];
  const found = [...(parameters ?? '').matchAll(PARAMETER)].find(([, name]) => name.toLowerCase() === 'name');
  if (found === undefined) throw new FormRefused('a field of the form has no name');
  return (found[2] ?? found[3]).replace(/\\(.)/g, '$1');
}

/** Bytes that come in pieces, read up to what divides them. */
class Pieces {
  constructor(private readonly source: AsyncIterator<Buffer>, private rest: Buffer) {}

  /** What comes before the delimiter, which is taken too. Never more than a piece is in memory. */
  async* until(delimiter: string): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.rest.indexOf(delimiter, 0, 'latin1');
      const safe = at >= 0 ? at : Math.max(0, this.rest.length - delimiter.length + 1);
      const piece = this.rest.subarray(0, safe);
      this.rest = this.rest.subarray(at >= 0 ? at + delimiter.length : safe);
      if (piece.length > 0) yield piece;
      if (at >= 0) return;
      await this.more();
    }
  }

  async textUntil(delimiter: string, max: number): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.until(delimiter)) {
      length += piece.length;
      if (length > max) throw new FormRefused(`the headers of a field are longer than ${max} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  async next(length: number): Promise<string> {
    while (this.rest.length < length) await this.more();
    const text = this.rest.toString('latin1', 0, length);
    this.rest = this.rest.subarray(length);
    return text;
  }

  private async more(): Promise<void> {
    const { value, done } = await this.source.next();
    if (done === true) throw new FormRefused('the form ended early');
    this.rest = this.rest.length === 0 ? value : Buffer.concat([this.rest, value]);
  }
}
