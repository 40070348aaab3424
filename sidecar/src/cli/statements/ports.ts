/** Neighbouring ports of one protocol. */
export interface Ports {
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

const RANGE = /^(\w+) (\d+)(?:-(\d+))?$/;

/** `TCP 443` or `UDP 1-65535`; undefined for any other text. */
export function readPorts(text: string): Ports | undefined {
  const [, protocol, first, last] = RANGE.exec(text) ?? [];
  return protocol === undefined ? undefined : { protocol, first: Number(first), last: Number(last ?? first) };
}

/** Ports in pieces that begin at the cuts: another document has each as a whole, or not at all. */
export function pieces({ protocol, first, last }: Ports, cuts: readonly number[]): Ports[] {
  const firsts = [...new Set([first, ...cuts.filter((cut) => cut > first && cut <= last)])].sort((a, b) => a - b);
  return firsts.map((start, index) => ({ protocol, first: start, last: (firsts[index + 1] ?? last + 1) - 1 }));
}
