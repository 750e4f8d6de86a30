import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const all = (folder: string, names: string): string[] => names.split(" ").map((name) => here(`${folder}/${name}.ts`));

const PRELOAD = "\0vite/preload-helper.js";

/** Vite wraps each `import()` to preload what it needs. There is nothing to preload, so the wrapper does nothing. */
const noPreload: Plugin = {
  name: "no-preload", enforce: "pre",
  load: (id) => (id === PRELOAD ? "export const __vitePreload = (load) => load();" : undefined),
};

export default defineConfig({
  plugins: [noPreload],
  root: here("."),
  base: "/assets/",
  build: {
    target: "es2022",
    assetsDir: "",
    // one style sheet for all pages, under its own name
    cssCodeSplit: false,
    // the polyfill would be script that no browser with Ed25519 needs; a part that comes later needs little that is not there
    modulePreload: { polyfill: false, resolveDependencies: (_, names, { hostType }) => (hostType === "html" ? names : []) },
    reportCompressedSize: false,
    rollupOptions: {
      input: ["login", "account", "admin", "vectors"].map((name) => here(`${name}.html`)),
      output: {
        // no hashes: the names are part of what the server embeds
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "pages[extname]",
        manualChunks: {
          // with everything that they import: what the vectors page needs beyond it stays there.
          // So no file of `page` imports the index of the package, which imports everything.
          peer: [...all("../didshake/src", "errors bytes login webcrypto discovery keys messages encoding signer"), PRELOAD],
          page: all("src", "dom view identities pins service failure failure-page session format form name-form authenticate wire parts accounts"),
          // what only some visits need, loaded when they do
          documents: [...all("src", "documents"), ...all("../didshake/src", "web"), ...all("../didshake/src/webvh", "index")],
          "did-peer": all("../didshake/src", "peer"),
          invite: all("src", "invite"),
          ways: all("src", "ways"),
        },
      },
    },
  },
});
