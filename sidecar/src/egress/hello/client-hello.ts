import { Hello, HelloRefusal, readHello, RefusedHello } from './hello-message';
import { MAX_CLIENT_HELLO } from '../../../../src/protocol/egress-api';

export type HelloState =
  | { readonly state: 'need-more' }
  | Hello
  | { readonly state: 'refused'; readonly reason: HelloRefusal };

const NEED_MORE: HelloState = { state: 'need-more' };
const NOTHING = Buffer.alloc(0);

/** https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const MAX_FRAGMENT = 2 ** 14;

/** https://www.rfc-editor.org/rfc/rfc8446#section-4 */
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;

/** SSL 2 has a length with this bit first, and the type of the message behind it. https://www.rfc-editor.org/rfc/rfc5246#appendix-E.2 */
const SSL2_LENGTH = 0x80;

/**
 * Finds the ClientHello in what a client sends first, however the bytes are cut into records and chunks. Once it has answered
 * with a hello or a refusal, it stays with it.
 */
export class ClientHelloReader {
  /** What has come and is not read yet. */
  private wire: Buffer = NOTHING;
  /** What the records so far carried. */
  private message: Buffer = NOTHING;
  /** Bytes that the room for a hello still has. */
  private room = MAX_CLIENT_HELLO;
  private answer: HelloState = NEED_MORE;

  /** Takes what came next. What is behind a ClientHello belongs to the caller, who keeps the chunks to pass them on. */
  push(chunk: Buffer): HelloState {
    if (this.answer.state !== 'need-more') return this.answer;
    const kept = chunk.subarray(0, this.room);
    this.room -= kept.length;
    this.wire = joined(this.wire, kept);
    this.answer = this.next();
    if (this.answer.state !== 'need-more') this.wire = this.message = NOTHING;
    return this.answer;
  }

  private next(): HelloState {
    try {
      for (let fragment = this.fragment(); fragment !== undefined; fragment = this.fragment()) {
        this.message = joined(this.message, fragment);
        const hello = helloIn(this.message);
        if (hello !== undefined) return hello;
      }
      if (this.room === 0) throw new RefusedHello('TooLong');
      return NEED_MORE;
    } catch (error) {
      if (!(error instanceof RefusedHello)) throw error;
      return { state: 'refused', reason: error.reason };
    }
  }

  /** What the next record carries; undefined until all of it is there. Refuses as soon as a byte cannot be right. */
  private fragment(): Buffer | undefined {
    const { wire } = this;
    const there = wire.length;
    if (there >= 1 && wire[0] !== HANDSHAKE) return this.refuseType();
    if (there >= 2 && wire[1] !== 3) throw new RefusedHello('Version');
    // TLS 1.0 in the first record, for old servers; 1.3 says 1.2.
    if (there >= 3 && (wire[2] < 1 || wire[2] > 3)) throw new RefusedHello('Version');
    if (there < RECORD_HEADER) return undefined;
    const end = RECORD_HEADER + wire.readUInt16BE(3);
    if (end === RECORD_HEADER || end > RECORD_HEADER + MAX_FRAGMENT) throw new RefusedHello('Record');
    if (there < end) return undefined;
    this.wire = wire.subarray(end);
    return wire.subarray(RECORD_HEADER, end);
  }

  private refuseType(): undefined {
    const { wire, message } = this;
    if (message.length > 0) throw new RefusedHello('Record');
    const mayBeSsl2 = (wire[0] & SSL2_LENGTH) !== 0;
    if (mayBeSsl2 && wire.length < 3) return undefined;
    throw new RefusedHello(mayBeSsl2 && wire[2] === CLIENT_HELLO ? 'Ssl2' : 'NotTls');
  }
}

/** The hello, once all of its message is there. Nothing follows it in its record, as the server has to answer first. */
function helloIn(message: Buffer): Hello | undefined {
  if (message[0] !== CLIENT_HELLO) throw new RefusedHello('NotHello');
  if (message.length < MESSAGE_HEADER) return undefined;
  const end = MESSAGE_HEADER + message.readUIntBE(1, 3);
  if (end > MAX_CLIENT_HELLO - RECORD_HEADER) throw new RefusedHello('TooLong');
  if (message.length > end) throw new RefusedHello('NotHello');
  return message.length < end ? undefined : readHello(message.subarray(MESSAGE_HEADER, end));
}

/** Most hellos come in one chunk and one record, and are not copied. */
function joined(one: Buffer, other: Buffer): Buffer {
  return one.length === 0 ? other : Buffer.concat([one, other]);
}
