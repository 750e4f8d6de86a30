import { didKey, SignerStore, WebCryptoSigner, type LocalIdentity } from "didshake";

/** In a browser: the key of this profile, made at the first call, which no script can read out. */
export async function ownIdentity(name = "me"): Promise<LocalIdentity> {
  const store = await SignerStore.open();
  let signer = await store.get(name);
  if (signer === undefined) await store.add(name, (signer = await WebCryptoSigner.generate()));
  store.close();
  return { did: didKey(signer.publicKey), fragment: "", signer };
}
