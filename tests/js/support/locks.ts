/** Web Locks, as far as they are used, shared by all tabs of a test. */
export class FakeLocks {
  readonly #held = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  async request<T>(
    name: string,
    ...given: [{ ifAvailable?: boolean }, (lock: object | null) => T] | [(lock: object | null) => T]
  ): Promise<T> {
    const task = given.at(-1) as (lock: object | null) => T;
    const { ifAvailable = false } = given.length === 2 ? given[0] : {};
    if (this.#held.has(name) && ifAvailable) return task(null);
    while (this.#held.has(name)) {
      await new Promise<void>((wake) =>
        this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), wake]),
      );
    }
    this.#held.add(name);
    try {
      return await task({ name });
    } finally {
      this.#held.delete(name);
      this.#waiting.get(name)?.shift()?.();
    }
  }

  async query(): Promise<{ held: { name: string }[] }> {
    return { held: [...this.#held].map((name) => ({ name })) };
  }
}
