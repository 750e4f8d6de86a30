import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the declarations of a built package give out without a comment: its exports, and the methods of exported classes and interfaces. */
export function undocumented(dist) {
  const index = readFileSync(join(dist, "index.d.ts"), "utf8");
  const lists = [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "\.\/(.*)\.js";$/gm)];
  if (lists.length === 0) throw new Error("no exports found");
  return lists.flatMap(([, names, file]) => {
    const lines = readFileSync(join(dist, `${file}.d.ts`), "utf8").split("\n");
    return names.split(",").map((name) => name.trim()).flatMap((name) => missing(lines, name));
  });
}

const isDocumented = (lines, at) => /\S.*\*\/$|^ *\*\/$/.test(lines[at - 1] ?? "") && !/\/\*\* *\*\//.test(lines[at - 1]);

function missing(lines, name) {
  const start = lines.findIndex((line) =>
    new RegExp(`^export (?:declare )?(?:abstract )?(?:class|function|const|interface|type) ${name}\\b`).test(line));
  if (start < 0) return [`${name} (not found)`];
  const own = isDocumented(lines, start) ? [] : [name];
  if (!/ (class|interface) /.test(lines[start])) return own;
  const end = lines.indexOf("}", start);
  // a method, a constructor or an accessor; private ones have no types here and need none
  const methods = lines.map((line, at) => ({ at, found: /^ {4}(?!private )((?:static |get |abstract )*[\w]+)(?:<.*>)?\(/.exec(line)?.[1] }))
    .filter(({ at, found }) => found !== undefined && at > start && at < end);
  return [...own, ...methods.filter(({ at }) => !isDocumented(lines, at)).map(({ found }) => `${name}.${found}`)];
}
