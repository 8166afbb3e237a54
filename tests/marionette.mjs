// A client of Marionette, the protocol by which geckodriver drives Firefox: JSON over TCP, each message after its length.
import { connect } from 'node:net';

export class Marionette {
  #socket;
  #received = Buffer.alloc(0);
  #waiting = new Map();
  #last = 0;
  #greeting;

  /** Connects and waits for Firefox's greeting. */
  static async connect(port) {
    const client = new Marionette();
    await client.#open(port);
    return client;
  }

  #open(port) {
    return new Promise((resolve, reject) => {
      this.#greeting = resolve;
      this.#socket = connect(port, '127.0.0.1');
      this.#socket.setNoDelay(true);
      this.#socket.on('data', (bytes) => this.#take(bytes));
      const lost = (error) => {
        const reason = new Error(`Firefox is gone: ${error?.message ?? 'connection closed'}`);
        reject(reason);
        for (const { fail } of this.#waiting.values()) fail(reason);
        this.#waiting.clear();
      };
      this.#socket.on('error', lost);
      this.#socket.on('close', () => lost());
    });
  }

  /** Sends a command, such as 'WebDriver:Navigate', and resolves to its result. */
  send(name, parameters = {}) {
    const id = ++this.#last;
    return new Promise((done, fail) => {
      if (this.#socket.destroyed) return fail(new Error('Firefox is gone'));
      this.#waiting.set(id, { done, fail });
      const text = JSON.stringify([0, id, name, parameters]);
      this.#socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #take(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const colon = this.#received.indexOf(':');
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon));
      if (this.#received.length < end) return;
      const message = JSON.parse(this.#received.toString('utf8', colon + 1, end));
      this.#received = this.#received.subarray(end);
      this.#deliver(message);
    }
  }

  #deliver(message) {
    if (!Array.isArray(message)) return this.#greeting(message);
    const [, id, error, result] = message;
    const { done, fail } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) fail(new Error(`${error.error}: ${error.message}`));
    else done(result);
  }
}
