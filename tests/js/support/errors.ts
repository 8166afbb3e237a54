import { expect } from '@jest/globals';

interface Expected {
  readonly code: string;
  /** Parts of the sentence: argument, what was expected, what came. */
  readonly says: readonly (string | RegExp)[];
}

/** Checks that `task` throws or rejects with a TabtrainError of this code and sentence. */
export async function expectFailure(task: () => unknown, { code, says }: Expected): Promise<void> {
  let thrown: unknown = null;
  try {
    await task();
  } catch (error) {
    thrown = error;
  }
  if (thrown === null) throw new Error(`nothing was thrown, expected ${code}`);
  const { name, message, code: came } = thrown as { name: string; message: string; code?: string };
  expect({ name, code: came, message }).toMatchObject({ name: 'TabtrainError', code });
  for (const part of says) expect(message).toMatch(part);
}
