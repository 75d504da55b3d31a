// Writes the validators of the published schemas into dist: to compile them takes longer than most commands.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { _, Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";

const names = ["record", "derivation", "publication", "entry", "config", "annex"];
const folder = new URL("../dist/schemas/", import.meta.url);

/**
 * Replaces Ajv's own keyword, which compares each item with every other: 40,000 ids in a hostile entry took it half a
 * minute.
 */
const uniqueItems = {
  keyword: "uniqueItems",
  type: "array",
  schemaType: "boolean",
  error: { message: "must not have one item twice" },
  code(context) {
    if (!context.schema) return;
    const { data } = context;
    context.fail(_`new Set(${data}.map((item) => JSON.stringify(item))).size !== ${data}.length`);
  },
};

mkdirSync(folder, { recursive: true });
for (const [wanted, allErrors] of [
  ["every-problem", true],
  ["the-first", false],
]) {
  const compiler = new Ajv2020({
    strict: true,
    allErrors,
    validateSchema: false,
    code: { source: true, formats: _`formats` },
  });
  // Whoever loads a validator brings the only format that the schemas name.
  compiler.addFormat("date-time", () => true);
  compiler.removeKeyword("uniqueItems");
  compiler.addKeyword(uniqueItems);
  for (const name of names) {
    const schema = readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), "utf8");
    compiler.addSchema(JSON.parse(schema), name);
  }
  for (const name of names) {
    const code = standaloneCode.default(compiler, compiler.getSchema(name));
    const text = `module.exports = (formats) => {\nconst module = { exports: {} };\n${code}\nreturn module.exports;\n};\n`;
    writeFileSync(new URL(`${name}.${wanted}.cjs`, folder), text);
  }
}
