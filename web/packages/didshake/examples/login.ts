import { DidWebResolver, login, systemClock, systemRandom, type Fetch, type LocalIdentity } from "didshake";

/** Logs in at the service that is meant, and asks it for something in a signed request. */
export async function whoAmI(url: string, service: string, identity: LocalIdentity, fetch: Fetch): Promise<string> {
  const session = await login({
    url, identity, meant: { did: service }, fetch, clock: systemClock, random: systemRandom,
    resolvers: [new DidWebResolver({ fetch })],
  });
  const response = await session.fetch("/whoami");
  return response.text();
}
