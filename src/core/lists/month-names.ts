/** Names of months as spreadsheets write them in English, Russian (both cases) and Kazakh, January first. */
const names: readonly (readonly string[])[] = [
  ["january", "январь", "января", "қаңтар"],
  ["february", "февраль", "февраля", "ақпан"],
  ["march", "март", "марта", "наурыз"],
  ["april", "апрель", "апреля", "сәуір"],
  ["may", "май", "мая", "мамыр"],
  ["june", "июнь", "июня", "маусым"],
  ["july", "июль", "июля", "шілде"],
  ["august", "август", "августа", "тамыз"],
  ["september", "сентябрь", "сентября", "қыркүйек"],
  ["october", "октябрь", "октября", "қазан"],
  ["november", "ноябрь", "ноября", "қараша"],
  ["december", "декабрь", "декабря", "желтоқсан"],
];

/** The number of a month, from 1, by its name or the first three letters and more of it; null for any other word. */
export function monthNamed(word: string): number | null {
  const plain = word.toLowerCase().replace(/\.$/, "");
  if (plain.length < 3) return null;
  const at = names.findIndex((all) => all.some((name) => name.startsWith(plain)));
  return at === -1 ? null : at + 1;
}
