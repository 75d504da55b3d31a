import { dateSpan } from "./date-span.js";

/** Degrees with a decimal point or a decimal comma. A typographic minus sign counts as a minus. */
function degrees(whole: string, most: string, point: string): string {
  return `[+\u2212-]?(?:${whole}(?:[${point}][0-9]{1,20})?|${most}(?:[${point}]0{1,20})?)`;
}

const latitude = (point: string) => degrees("[0-8]?[0-9]", "90", point);
const longitude = (point: string) => degrees("(?:0?[0-9]{1,2}|1[0-7][0-9])", "180", point);

/**
 * The patterns of `schemas/annotation.schema.json`, where that of `case` is wider; a test compares the two. A decimal comma is accepted as typed,
 * because spreadsheets in Russian and Kazakh write one. A semicolon or a blank separates two coordinates with decimal
 * commas.
 */
export const annotationPatterns = {
  lat: `^${latitude(".,")}$`,
  lon: `^${longitude(".,")}$`,
  coordinates: `^(?:${latitude(".")}(?: *[,;] *| +)${longitude(".")}|${latitude(",")}(?: *; *|,? +)${longitude(",")})$`,
  incident_date:
    "^[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$",
  country: "^[A-Za-z]{2}$",
  case: "^(?! )[\\p{L}\\p{N}\\p{M}_./ №#(),:+&-]{1,64}(?<! )$",
  language: "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$",
} as const;

/** ISO 3166-1 alpha-2, plus XK (Kosovo), which the standard lacks and people need. */
const countries = new Set(
  (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC " +
    "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB " +
    "GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE " +
    "KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT " +
    "MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU " +
    "RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
    "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
  ).split(" "),
);

function fits(key: keyof typeof annotationPatterns, what: string): (value: string) => string | null {
  const pattern = new RegExp(annotationPatterns[key], "u");
  return (value) => (pattern.test(value) ? null : what);
}

const forms: Readonly<Record<string, (value: string) => string | null>> = {
  lat: fits("lat", "give degrees from -90 to 90, such as 43.238949"),
  lon: fits("lon", "give degrees from -180 to 180, such as 76.889709"),
  coordinates: fits("coordinates", "give latitude and longitude in degrees, such as 43.238949, 76.889709"),
  incident_date: (value) =>
    dateSpan(value) === null
      ? "give an ISO date such as 2026-01-05, 2026-01, 2026, or a time with its zone such as 2026-01-05T14:30+05:00"
      : null,
  country: (value) =>
    countries.has(value.toUpperCase()) ? null : "give an ISO 3166-1 country code such as KZ",
  case: fits("case", "give at most 64 letters, digits, blanks and the characters - _ . / № # ( ) , : + &"),
  language: fits("language", "give a language tag such as kk, ru or uz-Cyrl"),
};

/** What is wrong with the value of a known key; null if nothing is, or if the key is not a known one. */
export function valueProblem(key: string, value: string): string | null {
  const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
  return form?.(value) ?? null;
}

/**
 * Column headers that people use for each key in English, Russian and Kazakh, in the form that `annotationKey`
 * produces.
 */
const aliases: Readonly<Record<string, string>> = {
  lat: "latitude широта ендік",
  lon: "lng long longitude долгота бойлық",
  coordinates: "coords coordinate gps координаты координата координаттар координат",
  incident_date:
    "date event_date date_of_incident дата дата_события дата_инцидента күні күн оқиға_күні оқиғаның_күні",
  place: "location location_name address место местоположение локация место_события адрес орын орны мекенжай",
  country: "country_code страна код_страны ел мемлекет",
  case: "case_id case_number дело дела номер_дела іс іс_нөмірі",
  source: "источник дереккөз дереккөзі",
  note: "notes comment comments remark remarks примечание примечания заметка заметки комментарий комментарии ескерту ескертулер ескертпе түсініктеме",
  language: "lang язык тіл тілі",
  tags: "tag теги тег метки тегтер",
};

const knownByAlias: ReadonlyMap<string, string> = new Map(
  Object.entries(aliases).flatMap(([key, names]) => names.split(" ").map((name) => [name, key] as const)),
);

/** The keys that `schemas/annotation.schema.json` knows. */
export const knownKeys: readonly string[] = Object.keys(aliases);

/** The known key that a header or a typed key stands for; any other key stands for itself. */
export function knownKey(key: string): string {
  return knownByAlias.get(key) ?? key;
}
