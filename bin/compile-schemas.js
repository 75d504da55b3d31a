// Writes the validators of the published schemas into dist: to compile them takes longer than most commands.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { _, Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";

const names = ["record", "derivation", "publication", "page", "entry", "config", "annex"];
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

/** Ajv's function for the length of a text, in code points. A validator has its own: it loads nothing. */
const lengthOfAjv = 'require("ajv/dist/runtime/ucs2length").default';
const ownLength = "(text) => { let length = 0; for (const _ of text) length++; return length; }";

/**
 * The text of a module whose only export makes the validator. In brackets and as a `function` it is compiled as it is read;
 * an arrow function would be gone over twice, which is half of the time that it takes to load one.
 */
function moduleOf(name, code) {
  const text = code.replaceAll(lengthOfAjv, ownLength);
  if (/\brequire\(/.test(text)) throw new Error(`the validator of ${name} would load something`);
  return `module.exports = (function (formats) {\nconst module = { exports: {} };\n${text}\nreturn module.exports;\n});\n`;
}

/** A schema without the words for people: Ajv would put them into every validator. */
function rulesOf(text) {
  const isWords = (key, value) => ["title", "description"].includes(key) && typeof value === "string";
  return JSON.parse(text, (key, value) => (isWords(key, value) ? undefined : value));
}

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
    compiler.addSchema(rulesOf(schema), name);
  }
  for (const name of names) {
    const code = standaloneCode.default(compiler, compiler.getSchema(name));
    writeFileSync(new URL(`${name}.${wanted}.cjs`, folder), moduleOf(name, code));
  }
}
