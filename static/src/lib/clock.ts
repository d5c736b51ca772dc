/** The server's clock: what the browser's own shows may be hours off, or be set while the page is open. */

/** A message that states the server's time, with the times at which it was asked for and received, by our own clock. */
export interface ClockReading {
  server: number;
  sent: number;
  received: number;
}

/** A reading that took longer is of no use: the tab was suspended, or our own clock was set meanwhile. */
const LONGEST_MS = 10_000;

export class ServerClock {
  private offset = 0;

  constructor(private readonly local: () => number) {}

  /** Milliseconds since the epoch; by our own clock until the server's was read. */
  now(): number {
    return this.local() + this.offset;
  }

  /** Takes a reading: exact to half the time that it took. */
  read({ server, sent, received }: ClockReading): void {
    const took = received - sent;
    if (took >= 0 && took <= LONGEST_MS) this.offset = server - (sent + received) / 2;
  }
}
