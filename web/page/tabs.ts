const lockName = 'tabtrain-page';

/**
 * Two tabs that train would overwrite each other's checkpoints, so the files belong to one of them.
 * Resolves to whether that is this tab; if not, `ours` is called once the other one is closed.
 */
export function ownFiles(ours: () => void): Promise<boolean> {
  // Not every browser has Web Locks, whatever the type says.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) return Promise.resolve(true);
  const untilClosed = new Promise<never>(() => undefined);
  return new Promise((resolve) => {
    locks
      .request(lockName, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        if (lock) return untilClosed;
        void locks.request(lockName, () => {
          ours();
          return untilClosed;
        });
        return undefined;
      })
      .catch(() => {
        resolve(true);
      });
  });
}
