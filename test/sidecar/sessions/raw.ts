import { connect, Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes as they are, and resolves to all that comes back until the other side closes. */
export function rawText(address: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = dialled(address, text);
    socket.setEncoding('latin1').on('data', (chunk) => { answer += chunk; }).once('close', () => resolve(answer));
  });
}

/** A connection on which that was sent. */
export function dialled(address: string, text: string): Socket {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host, () => socket.write(text, 'latin1'));
  return socket.on('error', () => socket.destroy());
}

/** The answers in a text, each with a length. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    const head = rest.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? rest.length - end);
    answers.push({ status: Number(head.split(' ')[1]), head, body: rest.slice(end, end + length) });
    rest = rest.slice(end + length);
  }
  return answers;
}
