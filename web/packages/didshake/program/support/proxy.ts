import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What stands before a service and sees what goes to it, connection by connection. */
export interface Proxy {
  readonly origin: string;
  /** What clients have sent on each connection. */
  readonly connections: string[];
  /** The port of the service; what comes before it is known waits. */
  forward: (port: number) => void;
  readonly stop: () => void;
}

/** Listens before the service is there, so that the service can have the origin of the proxy. */
export async function startProxy(): Promise<Proxy> {
  const connections: string[] = [];
  const sockets: Socket[] = [];
  let forward: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => (forward = resolve));
  const server = createServer(async (client) => {
    const number = connections.push("") - 1;
    client.on("data", (data) => (connections[number] += data.toString("latin1")));
    client.pause();
    const service = connect(await port, "127.0.0.1");
    sockets.push(client, service);
    for (const socket of [client, service]) socket.on("error", () => socket.destroy()).on("close", () => [client, service].forEach((one) => one.destroy()));
    client.pipe(service).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections, forward, stop };
}
