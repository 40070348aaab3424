import type { Command } from './processes';

/** The input of a command that runs. */
export interface InputSink {
  /** Resolves when the next chunk may come; false when nobody reads any more. */
  write(bytes: Uint8Array): Promise<boolean>;
  end(): void;
}

/** Feeds a command until its input ends or it reads no more. Then the source is told, so that it can stop. */
export async function pumpInput(input: NonNullable<Command['input']>, sink: InputSink): Promise<void> {
  for await (const bytes of input) {
    if (bytes.length > 0 && !await sink.write(bytes)) return;
  }
  sink.end();
}
