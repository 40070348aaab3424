/** A quantity of Kubernetes as it stands in an object. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export type Quantity = string | number;

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Finer than any quantity is, as those of the schemas have nine decimals at most and no unit below a billionth. */
const DECIMALS = 18;

/** Whether the first quantity is more than the second. Exact, as the API server is. Both must be quantities. */
export function exceeds(quantity: Quantity, other: Quantity): boolean {
  return parts(quantity) > parts(other);
}

/** How many of the smallest part; what is below it counts as nothing. */
function parts(quantity: Quantity): bigint {
  const [, whole, decimals, unit] = /^(\d*)(?:\.(\d*))?(.*)$/.exec(String(quantity))!;
  const digits = BigInt(`${whole}${decimals ?? ''}`);
  const power = DECIMALS - (decimals ?? '').length + (DECIMAL[unit] ?? Number(/^[eE]([+-]?\d+)$/.exec(unit)?.[1] ?? 0));
  const scaled = power < 0 ? digits / 10n ** BigInt(-power) : digits * 10n ** BigInt(power);
  return scaled * 1024n ** BigInt(BINARY.indexOf(unit) + 1);
}
