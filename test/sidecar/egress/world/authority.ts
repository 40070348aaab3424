import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';

const DAY = 86_400_000;
const validity = () => ({ now: Date.now(), notAfter: Date.now() + DAY });

/** A CA of the tests, and certificates of it. */
export class TestAuthority {
  static async make(name: string): Promise<TestAuthority> {
    return new TestAuthority(await makeAuthority(name, validity()));
  }

  private constructor(private readonly pair: { readonly cert: string; readonly key: string }) {}

  get cert(): string {
    return this.pair.cert;
  }

  serving(...names: string[]): Promise<{ readonly cert: string; readonly key: string }> {
    return makeServingPair(this.pair, names, validity());
  }
}
