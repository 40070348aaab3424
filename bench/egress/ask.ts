import { Agent, fetch } from 'undici';

export type Ask = (url: string, headers: Readonly<Record<string, string>>, body: object) => Promise<{ readonly value: string }>;

/** Asks servers with certificates of an authority. */
export function askWith(ca: string): Ask {
  const dispatcher = new Agent({ connect: { ca } });
  return async (url, headers, body) => {
    const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body), dispatcher });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${text}`);
    return JSON.parse(text);
  };
}
