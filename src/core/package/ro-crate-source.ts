import type { Claim, SourceFacts } from "../capture/record.js";
import { english } from "../report/texts/en.js";
import type { CaptureFacts } from "./facts.js";
import { type Entity, references, seriesId } from "./ro-crate-entity.js";

type SourceClaim = Claim<string | number | readonly string[]>;

const claimNames: readonly (keyof SourceFacts)[] = [
  "canonical_url",
  "extractor",
  "platform_item_id",
  "title",
  "description",
  "uploader",
  "uploader_id",
  "uploader_url",
  "channel",
  "channel_id",
  "posted_at",
  "upload_date",
  "duration",
  "language",
  "location",
  "live_status",
  "availability",
  "tags",
  "view_count",
  "like_count",
  "comment_count",
];

/** The id of a capture's source. It is never an address: two captures of one address are two sources here. */
export function sourceId({ id }: CaptureFacts): string {
  return seriesId("source", id);
}

/** A capture's source, and every claim about it as a separate value that says whose word it is. */
export function sourceEntities(clip: CaptureFacts): readonly Entity[] {
  const properties = [...finalAddress(clip), ...claimEntities(clip)];
  return [sourceEntity(clip, properties), ...properties];
}

function sourceEntity(clip: CaptureFacts, properties: readonly Entity[]): Entity {
  const { requested_url, method } = clip.record;
  const known = properties.length === 0 ? {} : { additionalProperty: references(properties) };
  if (method === "import" || requested_url === null) {
    return {
      "@id": sourceId(clip),
      "@type": "CreativeWork",
      name: "Files handed over on a disk",
      description: "holdfast did not fetch these files from any address.",
      ...known,
    };
  }
  return {
    "@id": sourceId(clip),
    "@type": "WebPage",
    name: "The address that was asked for",
    description:
      "That the platform served these files under this address is the word of whoever captured them.",
    url: requested_url,
    ...known,
  };
}

function finalAddress({ id, record }: CaptureFacts): readonly Entity[] {
  if (record.final_url === null) return [];
  return [
    {
      "@id": seriesId("final-address", id),
      "@type": "PropertyValue",
      name: "final address",
      value: record.final_url,
      description: "Where the redirects from the address asked for ended, as the downloader reported them.",
    },
  ];
}

function claimEntities({ id, record }: CaptureFacts): readonly Entity[] {
  const found = claimNames.flatMap((name): readonly (readonly [string, SourceClaim])[] => {
    const claim = record.source[name];
    return claim === null ? [] : [[name, claim]];
  });
  const all = record.claimed_url === null ? found : [["claimed_url", record.claimed_url] as const, ...found];
  return all.map(([name, claim]) => ({
    "@id": seriesId("claim", id, name),
    "@type": "PropertyValue",
    name: `claimed ${name}`,
    value: textOf(claim.value),
    description: `A claim that nobody checked: ${english[`basis.${claim.basis}`]} (${claim.from}).`,
  }));
}

function textOf(value: string | number | readonly string[]): string {
  return typeof value === "object" ? value.join(", ") : String(value);
}
