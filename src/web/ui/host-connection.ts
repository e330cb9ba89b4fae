/**
 * The page's WebSocket: checked messages in both directions. When it is lost it is opened again; whoever listens is told, so
 * that it can ask again for what it had asked for.
 */
import { useEffect, useState } from 'preact/hooks';
import { type HostMessage, hostMessages, type PageMessage, parseMessage } from '../protocol/index.ts';

export type ConnectionState =
  | 'connecting'
  | 'open'
  /** The server is there and does not let us in. */
  | 'refused'
  /** There is no server. */
  | 'lost';

type MessageOf<K extends HostMessage['type']> = Extract<HostMessage, { readonly type: K }>;

const AGAIN_MS = 2000;

export class HostConnection {
  state: ConnectionState = 'connecting';
  readonly #listeners = new Map<string, Set<(message: HostMessage) => void>>();
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();
  readonly #byteListeners = new Set<(bytes: ArrayBuffer) => void>();
  #socket: WebSocket | undefined;
  #request = 0;
  /** By type: what was said last in this connection. */
  readonly #latest = new Map<string, HostMessage>();

  constructor(token: string | undefined) {
    if (token === undefined) this.state = 'refused';
    else this.#open(token);
  }

  send(message: PageMessage): void {
    if (this.state === 'open') this.#socket?.send(JSON.stringify(message));
  }

  /** A number for a request, which its answer bears. */
  nextRequest(): number {
    return ++this.#request;
  }

  on<K extends HostMessage['type']>(type: K, listener: (message: MessageOf<K>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    const listen = (message: HostMessage) => listener(message as MessageOf<K>);
    listeners.add(listen);
    return () => listeners.delete(listen);
  }

  latest<K extends HostMessage['type']>(type: K): MessageOf<K> | undefined {
    return this.#latest.get(type) as MessageOf<K> | undefined;
  }

  onBytes(listener: (bytes: ArrayBuffer) => void): () => void {
    this.#byteListeners.add(listener);
    return () => this.#byteListeners.delete(listener);
  }

  /** Called at once as well. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#stateListeners.add(listener);
    listener(this.state);
    return () => this.#stateListeners.delete(listener);
  }

  #open(token: string): void {
    const socket = new WebSocket(`ws://${location.host}/socket`, ['hone', `token.${token}`]);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.#setState('open');
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = async () => {
      this.#setState((await isServed()) && this.state !== 'open' ? 'refused' : 'lost');
      if (this.state === 'lost') setTimeout(() => this.#open(token), AGAIN_MS);
    };
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      for (const listener of this.#byteListeners) listener(data);
      return;
    }
    const message = parseMessage(hostMessages, String(data));
    this.#latest.set(message.type, message);
    for (const listener of this.#listeners.get(message.type) ?? []) listener(message);
  }

  #setState(state: ConnectionState): void {
    // What the host did for us ended with the connection.
    if (state !== 'open') this.#latest.clear();
    this.state = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}

async function isServed(): Promise<boolean> {
  try {
    return (await fetch('/')).ok;
  } catch {
    return false;
  }
}

export function useConnectionState(host: HostConnection): ConnectionState {
  const [state, setState] = useState(host.state);
  useEffect(() => host.onState(setState), [host]);
  return state;
}

/** The newest message of a type. */
export function useLatest<K extends HostMessage['type']>(
  host: HostConnection,
  type: K,
): MessageOf<K> | undefined {
  const [message, setMessage] = useState(() => host.latest(type));
  useEffect(() => {
    setMessage(() => host.latest(type));
    return host.on(type, setMessage);
  }, [host, type]);
  return message;
}
