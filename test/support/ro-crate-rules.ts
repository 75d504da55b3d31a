type Entity = Readonly<Record<string, unknown>>;

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const isText = (value: unknown) => typeof value === "string" && value.trim() !== "";
const isAddress = (value: unknown) => typeof value === "string" && /^https?:\/\/[^\s/]+\//.test(value);
const isNumber = (value: unknown) => typeof value === "string" && /^\d+$/.test(value);
const isDate = (value: unknown) => typeof value === "string" && dateTime.test(value);
const isRelativePath = (value: unknown) =>
  typeof value === "string" && value !== "" && !/[\\\s]|^\/|^\w+:/.test(value);

/** What strict readers of RO-Crate 1.2 require of an entity of each type, beside a name. */
const required: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  CreateAction: { endTime: isDate, instrument: Array.isArray, object: Array.isArray, result: Array.isArray },
  CreativeWork: { description: isText },
  Dataset: { "@id": isRelativePath, description: isText, hasPart: Array.isArray },
  File: { "@id": isRelativePath, contentSize: isNumber, encodingFormat: isText, sha256: isText },
  PropertyValue: { value: (value) => typeof value === "string" },
  SoftwareApplication: { url: isAddress, version: isText },
  WebPage: { url: isText },
};

const referencesIn = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return typeof value === "object" && value !== null && "@id" in value ? [String(value["@id"])] : [];
};

/** What of an RO-Crate a strict reader of version 1.2 would refuse, as sentences. */
export function crateProblems(text: string): readonly string[] {
  const { "@context": context, "@graph": graph } = JSON.parse(text) as {
    readonly "@context": unknown;
    readonly "@graph": readonly Entity[];
  };
  const byId = new Map(graph.map((entity) => [String(entity["@id"]), entity]));
  const root = byId.get("./");
  const descriptor = byId.get("ro-crate-metadata.json");
  const parts = new Set(["./"]);
  for (const id of parts) for (const part of referencesIn(byId.get(id)?.hasPart)) parts.add(part);
  const isData = ({ "@type": type }: Entity) => type === "File" || type === "Dataset";
  const isSaid = (holds: boolean, problem: string) => (holds ? [] : [problem]);
  return [
    ...isSaid(context === "https://w3id.org/ro/crate/1.2/context", "the context is another"),
    ...isSaid(byId.size === graph.length, "an id stands twice"),
    ...isSaid(referencesIn(descriptor?.about)[0] === "./", "the descriptor is not about the root"),
    ...isSaid(
      referencesIn(descriptor?.conformsTo)[0] === "https://w3id.org/ro/crate/1.2",
      "the descriptor names another standard",
    ),
    ...isSaid(isDate(root?.datePublished), "the root has no date of publication"),
    ...isSaid(byId.has(referencesIn(root?.license)[0] ?? ""), "the root has no licence"),
    ...graph.flatMap((entity) => problemsOf(entity)),
    ...graph
      .filter((entity) => isData(entity) && !parts.has(String(entity["@id"])))
      .map((entity) => `${entity["@id"]} is not part of the root`),
  ];
}

function problemsOf(entity: Entity): readonly string[] {
  const rules = required[String(entity["@type"])];
  if (rules === undefined) return [`${entity["@id"]} is of an unknown type: ${entity["@type"]}`];
  return Object.entries({ name: isText, ...rules })
    .filter(([term, holds]) => !holds(entity[term]))
    .map(([term]) => `${entity["@id"]} (${entity["@type"]}): ${term}`);
}
