/**
 * Readings of every application that answers, or of those that one word means, again and again: applications may come and
 * go meanwhile.
 */
import { HoneError, PeerError, UsageError } from '../base/index.ts';
import { type OpenApplication, openApplications, selectApplication, socketPids } from '../target/index.ts';
import { ApplicationSampler } from './application-sampler.ts';
import type { ApplicationReading } from './reading.ts';

export class Sampler {
  readonly #wanted: string | undefined;
  readonly #onNote: (text: string) => void;
  readonly #samplers: ApplicationSampler[] = [];
  /** Processes that were asked and are not looked at: a new one makes us ask again. */
  readonly #asked = new Set<number>();

  private constructor(wanted: string | undefined, onNote: (text: string) => void) {
    this.#wanted = wanted;
    this.#onNote = onNote;
  }

  /**
   * @param wanted a pid, file prefix or name; undefined for all
   * @param onNote told what a person should know
   * @throws UsageError when nothing answers or nothing is meant
   */
  static async open(wanted: string | undefined, onNote: (text: string) => void): Promise<Sampler> {
    const sampler = new Sampler(wanted, onNote);
    await sampler.#add();
    return sampler;
  }

  /** Those that are there now, by their pid. */
  async read(): Promise<ApplicationReading[]> {
    await this.#lookForMore();
    const readings = await Promise.all(this.#samplers.map((sampler) => this.#readOne(sampler)));
    return readings.filter((reading) => reading !== undefined).sort((a, b) => a.pid - b.pid);
  }

  close(): void {
    for (const sampler of this.#samplers.splice(0)) sampler.close();
  }

  async #readOne(sampler: ApplicationSampler): Promise<ApplicationReading | undefined> {
    try {
      return await sampler.read();
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      this.#drop(sampler, error);
      return undefined;
    }
  }

  #drop(sampler: ApplicationSampler, error: HoneError): void {
    const { label } = sampler.application;
    const isGone = error instanceof PeerError && error.code === 'PEER_GONE';
    this.#onNote(isGone ? `${label} has ended` : `${label}: ${error.message}`);
    this.#samplers.splice(this.#samplers.indexOf(sampler), 1);
    sampler.close();
  }

  async #lookForMore(): Promise<void> {
    if (socketPids().every((pid) => this.#asked.has(pid))) return;
    try {
      await this.#add();
    } catch (error) {
      // Then it is as it was.
      if (!(error instanceof UsageError)) throw error;
    }
  }

  async #add(): Promise<void> {
    for (const pid of socketPids()) this.#asked.add(pid);
    const open = await openApplications();
    const known = this.#samplers.map(({ application }) => application.pid);
    let chosen: readonly OpenApplication[] = [];
    try {
      const meant = this.#wanted === undefined ? open : selectApplication(this.#wanted, open);
      chosen = meant.filter(({ pid }) => !known.includes(pid));
    } finally {
      for (const one of open) if (!chosen.includes(one)) one.target.close();
    }
    this.#samplers.push(...chosen.map((application) => new ApplicationSampler(application)));
  }
}
