/** The smallest of any number of texts, in the order of their bytes, in memory for twice as many as are wanted. */
export class Smallest {
  private texts: { readonly text: string; readonly bytes: Buffer }[] = [];

  constructor(private readonly count: number) {}

  add(text: string): void {
    this.texts.push({ text, bytes: Buffer.from(text) });
    if (this.texts.length >= 2 * this.count) this.cut();
  }

  /** In order. */
  get(): readonly string[] {
    this.cut();
    return this.texts.map(({ text }) => text);
  }

  private cut(): void {
    this.texts.sort((a, b) => a.bytes.compare(b.bytes));
    this.texts.length = Math.min(this.texts.length, this.count);
  }
}
