/** Tokens of ours in what went over a wire: as they are, escaped, or in Base64 as Basic has them. */
export function surrogatesIn(text: string): string[] {
  const encoded = [...text.matchAll(/[A-Za-z0-9+/]{12,}={0,2}/g)].map(([part]) => Buffer.from(part, 'base64').toString('latin1'));
  const unescaped = text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return [text, unescaped, ...encoded].flatMap((form) => form.match(/pdk-[a-z0-9]*-?.{0,20}/gi) ?? []);
}
